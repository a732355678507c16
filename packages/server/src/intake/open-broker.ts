/** Opens the broker that the settings name; the client of one that is not used is not loaded. */
import { TrailproofError } from '../trailproof-error.ts'
import { type BrokerAddress, countIn } from './broker-address.ts'
import type { IntakeBroker } from './intake-broker.ts'

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
type Mechanism = (typeof MECHANISMS)[number]

/** Rejects with BROKER_UNAVAILABLE when it cannot be reached, with BAD_SETTING for parameters that mean nothing. */
export async function openBroker(
  address: Exclude<BrokerAddress, { kind: 'direct' }>,
  onWarning: (message: string) => void,
): Promise<IntakeBroker> {
  const count = (name: string): number | undefined => countIn(address.parameters, name)
  const text = (name: string): string | undefined => address.parameters.get(name)
  if (address.kind === 'redis') {
    const { RedisBroker } = await import('./redis/redis-broker.ts')
    return RedisBroker.open({
      url: address.url,
      ...given('prefix', text('prefix')),
      ...given('shards', count('shards')),
      ...given('leaseMs', count('lease_ms')),
      ...given('foreignStreams', text('streams')?.split(',')),
    })
  }
  const { KafkaBroker } = await import('./kafka/kafka-broker.ts')
  const { login, tls, topic, brokers } = address
  return KafkaBroker.open({
    brokers,
    onWarning,
    ...given('topic', topic),
    ...given('group', text('group')),
    ...given('partitions', count('partitions')),
    ...given('replicas', count('replicas')),
    ...given('instanceId', text('instance')),
    ...given('sessionTimeoutMs', count('session_ms')),
    ...(tls && { tls: {} }),
    ...(login !== undefined && { sasl: { mechanism: mechanismOf(text('mechanism')), ...login } }),
  })
}

function mechanismOf(name = 'PLAIN'): Mechanism {
  const mechanism = MECHANISMS.find((known) => known === name)
  if (mechanism !== undefined) return mechanism
  throw new TrailproofError(
    'BAD_SETTING',
    `intake: mechanism is one of ${MECHANISMS.join(', ')}, not ${name}`,
  )
}

/** An option that was given, or none: the defaults are the driver's. */
function given<Name extends string, Value>(name: Name, value: Value | undefined): { [N in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [N in Name]?: Value })
}
