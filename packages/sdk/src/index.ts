export { ACTIONS, type ActionCatalogue, type EventData } from './audit/actions.ts'
export { type Audit, audit, createAudit, type EventOptions, type Recorded } from './audit/audit.ts'
export { diff } from './audit/diff.ts'
export { createLog, LOG_LEVELS, type Log, type LogLevel, log } from './audit/log.ts'
export type { Delivery, DeliveryStatus, Safe } from './delivery/delivery.ts'
export type { DeliveryMode, SealedRecord } from './delivery/sealed-record.ts'
export { type Carrier, carrier } from './recorder/carrier.ts'
export * from './recorder/current-trail.ts'
export {
  createRecorder,
  defaultRecorder,
  type RecorderChoice,
  setDefaultRecorder,
} from './recorder/default-recorder.ts'
export {
  DIAGNOSTICS_CHANNEL,
  type Diagnostic,
  DROP_REASONS,
  type DropReason,
} from './recorder/diagnostics.ts'
export type { CaptureOptions, QueueOptions, RecorderOptions } from './recorder/options.ts'
export type { Actor, Change, Target } from './recorder/people.ts'
export type { Recorder, RecorderCounters } from './recorder/recorder.ts'
export { runTrail, type WorkInit } from './recorder/run-trail.ts'
export type { SamplingOptions } from './recorder/sampling.ts'
export type {
  Integration,
  IntegrationInit,
  IntegrationResult,
  IntegrationType,
  Step,
} from './recorder/step.ts'
export type { Trail } from './recorder/trail.ts'
export type { Outcome } from './recorder/trail-parts.ts'
export { type MemorySink, memorySink } from './sinks/memory-sink.ts'
export { type MultiSink, multiSink } from './sinks/multi-sink.ts'
export { type ServerSink, type ServerSinkOptions, serverSink } from './sinks/server-sink.ts'
export { type Delivered, type Receipt, type Sink, SinkError } from './sinks/sink.ts'
export { type StdoutSinkOptions, stdoutSink } from './sinks/stdout-sink.ts'
