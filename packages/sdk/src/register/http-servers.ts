/** Each server of Node's that the application starts: http, https, and http2 where it has compatibility. */
import type { EventEmitter } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import { observeEmit } from '../middleware/http.ts'
import { defaultRecorder } from '../recorder/default-recorder.ts'

/** The recorder is asked for when there is a request: the application may have made it by then. */
export function recordServers(): void {
  observeEmit(http.Server.prototype, defaultRecorder)
  observeEmit(https.Server.prototype, defaultRecorder)
}

/** What is used of node:http2. */
interface Http2 {
  createServer(): EventEmitter
  createSecureServer(): EventEmitter
}

/** Its servers have classes that only an instance tells of; neither of these ever listens. */
export function recordHttp2(http2: Http2): void {
  for (const server of [http2.createServer(), http2.createSecureServer()])
    observeEmit(Object.getPrototypeOf(server) as EventEmitter, defaultRecorder)
}
