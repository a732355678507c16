/**
 * PostgreSQL, Redis, Kafka and OpenSearch to develop with, stopped and deleted with Ctrl-C: `npm run services`, or only some of them,
 * `npm run services -- postgres redis`. Each comes from the first of these that there is:
 *   - a URL: POSTGRES_URL, REDIS_URL, KAFKA_URL, OPENSEARCH_URL; it runs already and is used as it is;
 *   - compose.yaml, where a container engine runs (not with `--native`);
 *   - a process of this machine, on a free port, its data in a temporary directory.
 * `--brokers=3` makes Kafka three brokers, each record on two of them at least; always processes of this machine.
 */
import { parseArgs } from 'node:util'
import { startKafka } from '../test/support/kafka-broker.ts'
import { startKafkaCluster } from '../test/support/kafka-cluster.ts'
import { migrated } from '../test/support/migrated-database.ts'
import { startOpenSearch } from '../test/support/opensearch-node.ts'
import { startPostgres } from '../test/support/postgres-server.ts'
import { startRedis } from '../test/support/redis-server.ts'
import { COMPOSED, engineRuns, startComposed } from './composed.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { brokers: { type: 'string', default: '1' }, native: { type: 'boolean', default: false } },
})
if (values.brokers !== '1' && values.brokers !== '3') throw new Error('--brokers is 1 or 3')
const isCluster = values.brokers === '3'

const STARTERS: Readonly<Record<string, (() => Promise<{ url: string } & AsyncDisposable>) | undefined>> = {
  postgres: startPostgres,
  redis: startRedis,
  kafka: async () => {
    const { addresses, ...kafka } = isCluster ? await startKafkaCluster() : await onlyOne()
    return { url: `kafka://${addresses}`, [Symbol.asyncDispose]: () => kafka[Symbol.asyncDispose]() }
  },
  opensearch: startOpenSearch,
}

async function onlyOne(): Promise<{ addresses: string } & AsyncDisposable> {
  const broker = await startKafka()
  return { addresses: broker.address, [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose]() }
}

const asked = positionals.length > 0 ? positionals : Object.keys(STARTERS)
for (const name of asked)
  if (STARTERS[name] === undefined)
    throw new Error(`no service ${name}; known: ${Object.keys(STARTERS).join(', ')}`)

const ended = Promise.withResolvers<void>()
process.once('SIGINT', () => ended.resolve())
process.once('SIGTERM', () => ended.resolve())

await using started = new AsyncDisposableStack()
const urls: Record<string, string> = {}
for (const name of asked) {
  const given = process.env[`${name.toUpperCase()}_URL`]
  if (given !== undefined) urls[name] = given
}

const toCompose = asked.filter(
  (name) => urls[name] === undefined && COMPOSED[name] !== undefined && !(name === 'kafka' && isCluster),
)
if (!values.native && toCompose.length > 0 && engineRuns()) {
  started.use(startComposed(toCompose))
  for (const name of toCompose) urls[name] = COMPOSED[name]!
}
for (const name of asked) urls[name] ??= started.use(await STARTERS[name]!()).url
if (urls['postgres'] !== undefined && process.env['POSTGRES_URL'] === undefined)
  await migrated(urls['postgres'])

for (const [name, url] of Object.entries(urls)) console.log(`${name.padEnd(11)} ${url}`)
const broker = urls['kafka'] ?? urls['redis']
if (urls['postgres'] !== undefined) {
  const database = `--database ${urls['postgres']}`
  const intake = broker === undefined ? '' : ` --lock-database ${urls['postgres']} --intake ${broker}`
  const index = urls['opensearch'] === undefined ? '' : ` --search-index ${urls['opensearch']}`
  console.log(`\nnpm start -- ${database}${intake}${index}`)
}
console.log('\nCtrl-C stops them.')
const awake = setInterval(() => undefined, 60_000) // URLs and containers alone would not keep us here
await ended.promise
clearInterval(awake)
