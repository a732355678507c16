/**
 * A server in a process of its own, for the suites that kill it. Takes the settings as JSON in its one argument,
 * says where it listens as one line of JSON, and stops on SIGTERM.
 */
import { readConfig, startServer, TrailproofError } from '@trailproof/server'

/** Exit code when data, keys or settings do not allow a start. */
const CANNOT_START = 8

try {
  const running = await startServer(readConfig({ flags: JSON.parse(process.argv[2]!), env: {} }))
  // As `trailproof serve`: a timer that a library has left does not keep the process.
  process.once(
    'SIGTERM',
    () => void running.stop().then(() => setTimeout(() => process.exit(), 1000).unref()),
  )
  process.stdout.write(`${JSON.stringify({ url: running.url, pid: process.pid })}\n`)
} catch (error) {
  const { message } = error as Error
  const code = error instanceof TrailproofError ? error.code : (error as NodeJS.ErrnoException).code
  process.stdout.write(`${JSON.stringify({ refused: code ?? 'ERROR', message })}\n`, () =>
    process.exit(CANNOT_START),
  )
}
