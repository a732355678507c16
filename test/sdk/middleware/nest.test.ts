// oxlint-disable-next-line import/no-unassigned-import -- Nest's decorators need what it puts on Reflect
import 'reflect-metadata'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  ForbiddenException,
  Get,
  HttpCode,
  Module,
  type NestInterceptor,
  Param,
  Post,
  Req,
  Res,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { trailInterceptor, trails } from '@trailproof/sdk/nest'
import type { Request, Response } from 'express'
import { describe } from 'vitest'
import { runMiddlewareSuite, type ServiceParts } from './suite.ts'

/** A class decorated by calls: decorators are no syntax that can be erased. */
function controllerOf({ released, large, steps }: ServiceParts) {
  class Orders {
    order(id: string) {
      return { id }
    }
    create(request: Request): unknown {
      return request.body
    }
    async upload(request: Request) {
      return String((await request.toArray()).reduce((sum: number, { length }: Buffer) => sum + length, 0))
    }
    async stream(response: Response) {
      response.type('text/plain').write('one')
      await released()
      response.end('two')
    }
    throws() {
      throw new Error('boom')
    }
    async rejects() {
      await new Promise((resolve) => setImmediate(resolve))
      throw new Error('boom')
    }
    denied() {
      throw new ForbiddenException()
    }
    nothing() {}
    large(response: Response) {
      response.type('text/plain').send(large())
    }
    steps() {
      return steps()
    }
    hangs(): Promise<never> {
      return new Promise(() => undefined)
    }
  }
  const route = (name: keyof Orders, ...decorators: MethodDecorator[]): void => {
    for (const decorate of decorators)
      decorate(Orders.prototype, name, Object.getOwnPropertyDescriptor(Orders.prototype, name)!)
  }
  route('order', Get('orders/:id'))
  Param('id')(Orders.prototype, 'order', 0)
  route('create', Post('orders'))
  Req()(Orders.prototype, 'create', 0)
  route('upload', Post('upload'), HttpCode(200))
  Req()(Orders.prototype, 'upload', 0)
  for (const name of ['stream', 'large'] as const) {
    route(name, Get(name))
    Res()(Orders.prototype, name, 0)
  }
  for (const name of ['throws', 'rejects', 'denied', 'steps', 'hangs'] as const) route(name, Get(name))
  route('nothing', Get('nothing'), HttpCode(204))
  Controller()(Orders)
  // oxlint-disable-next-line typescript/no-extraneous-class -- a module of Nest is a class
  class App {}
  Module({ controllers: [Orders] })(App)
  return App
}

describe('NestJS', () => {
  runMiddlewareSuite(async (recorder, parts) => {
    const app = await NestFactory.create(controllerOf(parts), { logger: false })
    app.use(trails(recorder))
    app.useGlobalInterceptors(trailInterceptor() as unknown as NestInterceptor<CallHandler, ExecutionContext>)
    await app.listen(0)
    const server = app.getHttpServer() as Server
    return {
      port: (server.address() as AddressInfo).port,
      close: async () => {
        server.closeAllConnections()
        await app.close()
      },
    }
  })
})
