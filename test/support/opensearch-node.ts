/** An OpenSearch of its own for a test: one node on a free port, its data in a temporary directory, ended by its pid. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePort } from './free-port.ts'
import { mavenJars } from './maven-jars.ts'
import { untilReady } from './until-ready.ts'

export interface OpenSearchNode extends AsyncDisposable {
  /** `opensearch://127.0.0.1:port`, to which a prefix may be added. */
  readonly url: string
  readonly port: number
  /** Where its files are. */
  readonly data: string
  /** Ends it as an administrator would. */
  stop(): Promise<void>
  /** Ends it as a crash of its process would. */
  kill(): Promise<void>
  /** Again, with what it held. */
  start(): Promise<void>
}

const MAIN = resolve('test/support/opensearch/SingleNode.java')
/** Files in memory, where there is room for them: it makes an index for nearly every test. */
const MEMORY = '/dev/shm'
const MEMORY_BYTES_MIN = 2 ** 30
const JVM = ['-Xms512m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData']

export async function startOpenSearch(): Promise<OpenSearchNode> {
  const jars = mavenJars('opensearch')
  const root = mkdtempSync(join(fastDirectory(), 'trailproof-opensearch-'))
  const port = await freePort()
  const settings = settingsOf(root, port, await freePort())
  const said = join(root, 'said')
  const out = openSync(said, 'w')
  let child: ChildProcess | undefined
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  const start = async (): Promise<void> => {
    child = spawn('java', [...JVM, '-cp', join(jars, '*'), MAIN, ...settings], {
      stdio: ['ignore', out, out],
    })
    try {
      await untilReady('opensearch', child, () => answersHealth(port))
    } catch (error) {
      throw new Error(`opensearch did not start: ${readFileSync(said, 'utf8').slice(-4_000)}`, {
        cause: error,
      })
    }
  }
  const dispose = async (): Promise<void> => {
    await end('SIGKILL')
    closeSync(out)
    rmSync(root, { recursive: true, force: true })
  }
  process.once('exit', () => {
    child?.kill('SIGKILL')
    rmSync(root, { recursive: true, force: true }) // it may lie in memory
  })
  try {
    await start()
  } catch (error) {
    await dispose()
    throw error
  }
  return {
    url: `opensearch://127.0.0.1:${port}`,
    port,
    data: join(root, 'data'),
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    [Symbol.asyncDispose]: dispose,
  }
}

function fastDirectory(): string {
  if (!existsSync(MEMORY)) return tmpdir()
  const { bavail, bsize } = statfsSync(MEMORY)
  return bavail * bsize >= MEMORY_BYTES_MIN ? MEMORY : tmpdir()
}

function settingsOf(root: string, port: number, transportPort: number): readonly string[] {
  return [
    `path.home=${root}`,
    `path.data=${join(root, 'data')}`,
    'cluster.name=trailproof',
    'node.name=single',
    'discovery.type=single-node',
    'network.host=127.0.0.1',
    `http.port=${port}`,
    `transport.port=${transportPort}`,
    'http.type=netty4',
    'transport.type=netty4',
    // A test machine's disk may be nearly full.
    'cluster.routing.allocation.disk.threshold_enabled=false',
  ]
}

/** It listens before its cluster's state is read: then it knows no index yet. */
async function answersHealth(port: number): Promise<boolean> {
  try {
    const response = await fetch(
      `http://127.0.0.1:${port}/_cluster/health?wait_for_no_initializing_shards=true`,
    )
    const { status } = (await response.json()) as { status?: string }
    return response.ok && status !== 'red'
  } catch {
    return false // not listening yet
  }
}
