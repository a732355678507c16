/** What the automatic mode does to each library: the same as the application would with the middleware and the collectors. */
import { isFirstCollected, watch } from '../collectors/collected.ts'
import { watchedProducer } from '../collectors/kafkajs.ts'
import { watchedConnect, watchedQuery } from '../collectors/pg.ts'
import { watchedExecute, watchedSendCommand } from '../collectors/redis-client.ts'
import { watchDatabase } from '../collectors/sqlite.ts'
import { recordExpress } from './express.ts'
import { collectGrpcClients, recordGrpcServers } from './grpc.ts'
import { recordHono } from './hono.ts'
import { recordHttp2 } from './http-servers.ts'
import { watchedConsumer } from './kafkajs.ts'
import { recordKoa } from './koa.ts'
import type { Library } from './modules.ts'
import { recordNest } from './nest.ts'

interface Class {
  readonly prototype: object
}

/** fastify, mysql2, @platformatic/kafka, undici and node:http tell of themselves on channels, and so do Redis clients of what does not wait. */
export const LIBRARIES: readonly Library[] = [
  { name: 'express', majors: [4, 5], files: { 'index.js': recordExpress } },
  { name: 'koa', majors: [3], files: { 'lib/application.js': recordKoa } },
  {
    name: 'hono',
    majors: [4],
    files: {
      'dist/router/smart-router/router.js': recordHono,
      'dist/cjs/router/smart-router/router.js': recordHono,
    },
    names: { 'dist/router/smart-router/router.js': ['SmartRouter'] },
  },
  {
    name: '@nestjs/core',
    majors: [12],
    files: { 'router/router-proxy.js': recordNest },
    names: { 'router/router-proxy.js': ['RouterProxy'] },
  },
  {
    name: '@grpc/grpc-js',
    majors: [1],
    files: {
      'build/src/client-interceptors.js': collectGrpcClients,
      'build/src/server-interceptors.js': recordGrpcServers,
    },
  },
  {
    name: 'pg',
    majors: [8],
    files: {
      'lib/index.js': ({ Client, Pool }: { readonly Client: Class; readonly Pool: Class }) => {
        once(Client, (prototype) => watch(prototype, 'query', watchedQuery))
        once(Pool, (prototype) => watch(prototype, 'connect', watchedConnect))
      },
    },
  },
  {
    name: 'kafkajs',
    majors: [2],
    files: {
      'index.js': ({ Kafka }: { readonly Kafka: Class }) =>
        once(Kafka, (prototype) => {
          watch(prototype, 'producer', watchedProducer)
          watch(prototype, 'consumer', watchedConsumer)
        }),
    },
  },
  {
    name: '@redis/client',
    majors: [6],
    files: {
      'dist/lib/client/pool.js': ({ RedisClientPool }: { readonly RedisClientPool: Class }) =>
        once(RedisClientPool, (prototype) => watch(prototype, 'execute', watchedExecute)),
    },
  },
  {
    name: 'ioredis',
    majors: [6],
    files: { 'built/Redis.js': collectIoredis, 'built/cluster/index.js': collectIoredis },
  },
  {
    name: 'better-sqlite3',
    majors: [13],
    files: { 'lib/index.js': (Database: Class) => once(Database, watchDatabase) },
  },
  { name: 'node:http2', majors: [], files: { '': recordHttp2 } },
  {
    name: 'node:sqlite',
    majors: [],
    files: {
      '': ({ DatabaseSync }: { readonly DatabaseSync: Class }) => once(DatabaseSync, watchDatabase),
    },
  },
]

function collectIoredis(module: { readonly default: Class }): void {
  once(module.default, (prototype) => watch(prototype, 'sendCommand', watchedSendCommand))
}

/** All of a class, and none of them again when the application hands one over itself. */
function once({ prototype }: Class, watchAll: (prototype: object) => void): void {
  if (isFirstCollected(prototype)) watchAll(prototype)
}
