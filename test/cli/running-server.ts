/** A server in this process and the command pointed at it. */
import { ADMIN_TOKEN, type TestServer, testServer } from '../support/test-server.ts'
import { type Finished, type RunOptions, run, start } from './command.ts'

export interface CommandLine {
  readonly server: TestServer
  readonly env: Readonly<Record<string, string>>
  /** Runs a command against the server, as the admin. */
  run(args: readonly string[], options?: RunOptions): Promise<Finished>
  /** Runs a command that must succeed and gives its JSON, one value a line. */
  json<T = Record<string, unknown>>(args: readonly string[], options?: RunOptions): Promise<T[]>
  start(args: readonly string[], options?: RunOptions): ReturnType<typeof start>
}

export async function commandLine(settings: Record<string, unknown> = {}): Promise<CommandLine> {
  const server = await testServer(settings)
  const env = { TRAILPROOF_URL: server.url, TRAILPROOF_TOKEN: ADMIN_TOKEN }
  const withEnv = (options: RunOptions = {}): RunOptions => ({ ...options, env: { ...env, ...options.env } })
  const line: CommandLine = {
    server,
    env,
    run: (args, options) => run(args, withEnv(options)),
    start: (args, options) => start(args, withEnv(options)),
    async json<T>(args: readonly string[], options?: RunOptions) {
      const { code, stdout, stderr } = await line.run([...args, '--json'], options)
      if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`)
      return stdout
        .trim()
        .split('\n')
        .filter((text) => text !== '')
        .map((text) => JSON.parse(text) as T)
    },
  }
  return line
}

/** NDJSON of records that differ in actor and message. */
export function someRecords(count: number): string {
  return Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      action: 'payment.created',
      outcome: i % 2 === 0 ? 'success' : 'failure',
      service: 'payments',
      actor: { type: 'user', id: `u-${i % 3}` },
      message: `payment ${i}`,
    }),
  ).join('\n')
}
