/** One process of Apache Kafka in KRaft mode, its data in a temporary directory, ended by its pid. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mavenJars } from './maven-jars.ts'
import { untilReady } from './until-ready.ts'

export interface KafkaNode extends AsyncDisposable {
  /** Resolves once it answers; again after an end, with what it held. */
  start(): Promise<void>
  /** Ends it as an administrator would. */
  stop(): Promise<void>
  /** Ends it as a crash of its process would. */
  kill(): Promise<void>
}

export interface KafkaNodeOptions {
  /** Of a listener without TLS. */
  readonly port: number
  /** Of server.properties, without `log.dirs`. */
  readonly settings: Readonly<Record<string, string | number>>
  /** The same for all nodes of a cluster. */
  readonly clusterId: string
  /** What the command that formats the data is told beside that, such as users. */
  readonly format?: readonly string[]
}

/** It starts often and works little. */
const JVM = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData']

/** Formatted and ready to start. */
export function kafkaNode({ port, settings, clusterId, format = [] }: KafkaNodeOptions): KafkaNode {
  const jars = mavenJars('kafka')
  const root = mkdtempSync(join(tmpdir(), 'trailproof-kafka-'))
  const properties = join(root, 'server.properties')
  writeFileSync(
    properties,
    Object.entries({ ...settings, 'log.dirs': join(root, 'data') })
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  )
  const java = [...JVM, '-cp', join(jars, '*')]
  const said = join(root, 'said')
  const out = openSync(said, 'w')
  execFileSync(
    'java',
    [...java, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties, ...format],
    { stdio: ['ignore', out, out] },
  )
  let child: ChildProcess | undefined
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  return {
    async start() {
      child = spawn('java', [...java, 'kafka.Kafka', properties], { stdio: ['ignore', out, out] })
      try {
        await untilReady('kafka', child, () => answersApiVersions(port))
      } catch (error) {
        throw new Error(`kafka did not start: ${readFileSync(said, 'utf8').slice(-4_000)}`, { cause: error })
      }
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async [Symbol.asyncDispose]() {
      await end('SIGKILL')
      closeSync(out)
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** ApiVersions v0 from correlation 1 and no client id: it listens long before it answers. */
function answersApiVersions(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const request = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff])
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    socket.setTimeout(1_000, () => socket.destroy())
    socket.once('data', () => {
      settle(true)
      socket.destroy()
    })
    socket.once('error', () => settle(false)) // not listening yet
    socket.once('close', () => settle(false))
  })
}
