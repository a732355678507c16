/** grpc.reflection.v1, for grpcurl and the like: what this server serves, from the descriptors in the generated code. */
import { create, createRegistry, type DescFile, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { status as Code } from '@grpc/grpc-js'
import { AuditService } from './gen/audit/v1/audit_pb.ts'
import { file_google_rpc_error_details } from './gen/google/rpc/error_details_pb.ts'
import { file_google_rpc_status } from './gen/google/rpc/status_pb.ts'
import { Health } from './gen/grpc/health/v1/health_pb.ts'
import {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionResponseSchema,
} from './gen/grpc/reflection/v1/reflection_pb.ts'
import type { BoundMethod, MethodBinder } from './method.ts'

const SERVICES = [AuditService, Health, ServerReflection]
/** The files of the services, and those that describe the details of a status. */
const FILES = [...SERVICES.map(({ file }) => file), file_google_rpc_error_details, file_google_rpc_status]
const ALL_FILES = new Map(FILES.flatMap(withImports).map((file) => [file.proto.name, file]))
const REGISTRY = createRegistry(...ALL_FILES.values())

type Answer = Exclude<MessageInitShape<typeof ServerReflectionResponseSchema>['messageResponse'], undefined>

export function reflectionMethods(bind: MethodBinder): BoundMethod[] {
  return [
    bind.exchange(ServerReflection.method.serverReflectionInfo, undefined, 1, async (request) =>
      create(ServerReflectionResponseSchema, {
        validHost: request.host,
        originalRequest: request,
        messageResponse: answerOf(request.messageRequest),
      }),
    ),
  ]
}

function answerOf(question: ServerReflectionRequest['messageRequest']): Answer {
  switch (question.case) {
    case 'listServices':
      return {
        case: 'listServicesResponse',
        value: { service: SERVICES.map(({ typeName }) => ({ name: typeName })) },
      }
    case 'fileByFilename':
      return fileAnswer(ALL_FILES.get(question.value), question.value)
    case 'fileContainingSymbol':
      return fileAnswer(fileOf(question.value), question.value)
    case 'allExtensionNumbersOfType':
      if (REGISTRY.getMessage(question.value))
        return { case: 'allExtensionNumbersResponse', value: { baseTypeName: question.value } }
      return refused(Code.NOT_FOUND, question.value)
    case 'fileContainingExtension':
      return refused(Code.NOT_FOUND, question.value.containingType)
    case undefined:
      return {
        case: 'errorResponse',
        value: { errorCode: Code.INVALID_ARGUMENT, errorMessage: 'no question' },
      }
  }
}

/** The file of a service, message or enum, or of a method of a service. */
function fileOf(symbol: string): DescFile | undefined {
  const found = REGISTRY.get(symbol)
  if (found) return found.file
  const dot = symbol.lastIndexOf('.')
  const service = REGISTRY.getService(symbol.slice(0, Math.max(0, dot)))
  return service?.methods.some(({ name }) => name === symbol.slice(dot + 1)) ? service.file : undefined
}

/** With its imports, so that the client need not ask for each. */
function fileAnswer(file: DescFile | undefined, asked: string): Answer {
  if (!file) return refused(Code.NOT_FOUND, asked)
  const files = [...new Set(withImports(file))].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto))
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto: files } }
}

function withImports(file: DescFile): DescFile[] {
  return [file, ...file.dependencies.flatMap(withImports)]
}

function refused(errorCode: number, asked: string): Answer {
  return {
    case: 'errorResponse',
    value: { errorCode, errorMessage: `there is no ${asked.slice(0, 200)}` },
  }
}
