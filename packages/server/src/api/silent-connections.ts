/** Connections that never asked anything: Node does not count them as idle, so a stop would wait for their clients. */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Follows a server's connections; the returned function closes those without a single request so far. */
export function followSilentConnections(server: Server, isTls: boolean): () => void {
  const silent = new Set<Socket>()
  server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
    silent.add(socket)
    socket.once('close', () => silent.delete(socket))
  })
  server.on('request', ({ socket }) => silent.delete(socket))
  return () => {
    for (const socket of silent) socket.destroy()
  }
}
