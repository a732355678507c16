/** An Apache Kafka of its own for a test: one node in KRaft mode on a free port, its data in a temporary directory, ended by its pid. */
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePort } from './free-port.ts'
import { untilReady } from './until-ready.ts'

export interface KafkaBroker extends AsyncDisposable {
  /** `host:port`, as clients take it. */
  readonly address: string
  readonly port: number
}

const POM = 'test/support/kafka/pom.xml'
const JARS = resolve('node_modules/.cache/kafka')
/** It starts often and works little. */
const JVM = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData']

export async function startKafka(): Promise<KafkaBroker> {
  fetchJars()
  const root = mkdtempSync(join(tmpdir(), 'trailproof-kafka-'))
  const port = await freePort()
  const settings = join(root, 'server.properties')
  writeFileSync(settings, settingsOf(port, await freePort(), join(root, 'data')))
  const java = [...JVM, '-cp', join(JARS, '*')]
  const id = randomBytes(16).toString('base64url')
  const said = join(root, 'said')
  const out = openSync(said, 'w')
  execFileSync('java', [...java, 'kafka.tools.StorageTool', 'format', '-t', id, '-c', settings], {
    stdio: ['ignore', out, out],
  })
  const child = spawn('java', [...java, 'kafka.Kafka', settings], { stdio: ['ignore', out, out] })
  closeSync(out)
  const ended = once(child, 'exit')
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    rmSync(root, { recursive: true, force: true })
  }
  try {
    await untilReady('kafka', child, () => answersApiVersions(port))
  } catch (error) {
    const why = readFileSync(said, 'utf8').slice(-4_000)
    await stop()
    throw new Error(`kafka did not start: ${why}`, { cause: error })
  }
  return { address: `127.0.0.1:${port}`, port, [Symbol.asyncDispose]: stop }
}

/** Once for this working tree. */
function fetchJars(): void {
  if (existsSync(JARS)) return
  const fetched = `${JARS}.${process.pid}`
  execFileSync(
    'mvn',
    ['-q', '-B', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${fetched}`],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  try {
    renameSync(fetched, JARS)
  } catch {
    rmSync(fetched, { recursive: true, force: true }) // another test was as quick
  }
}

function settingsOf(port: number, controllerPort: number, directory: string): string {
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names=CONTROLLER',
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    `log.dirs=${directory}`,
    'offsets.topic.num.partitions=1',
    'offsets.topic.replication.factor=1',
    'transaction.state.log.num.partitions=1',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'group.initial.rebalance.delay.ms=0',
    'num.partitions=1',
    '',
  ].join('\n')
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
