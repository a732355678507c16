import { createServer, type Server } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { connectInTime, redisClient } from './redis-client.ts'

async function listening(onConnection: Parameters<typeof createServer>[1]): Promise<string> {
  const server: Server = createServer(onConnection)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `redis://127.0.0.1:${(server.address() as { port: number }).port}`
}

test.each([
  [
    'says nothing',
    (socket: { on: (event: 'error', ignore: () => void) => unknown }) =>
      void socket.on('error', () => undefined),
  ],
  ['hangs up', (socket: { destroy: () => unknown }) => void socket.destroy()],
])('a server that %s is given up in time', async (_, onConnection) => {
  const client = redisClient(await listening(onConnection))
  await expect(connectInTime(client, 100)).rejects.toThrow()
  expect(client.isOpen).toBe(false)
})
