/** An Apache Kafka whose clients come over TLS with a user and password: PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. */
import { randomBytes } from 'node:crypto'
import { freePort } from './free-port.ts'
import { ALONE } from './kafka-broker.ts'
import { type KafkaNode, kafkaNode } from './kafka-node.ts'
import type { TestAuthority } from './test-authority.ts'

export interface SecuredKafka extends KafkaNode {
  /** `host:port` with TLS and SASL. */
  readonly address: string
}

export interface Login {
  readonly username: string
  readonly password: string
}

export async function startSecuredKafka(
  { bundleFile, authorityFile }: TestAuthority,
  { username, password }: Login,
): Promise<SecuredKafka> {
  const [port, plainPort, controllerPort] = [await freePort(), await freePort(), await freePort()]
  const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule'
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule'
  const node = kafkaNode({
    port: plainPort,
    clusterId: randomBytes(16).toString('base64url'),
    format: ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${username},password=${password}]`,
    ]),
    settings: {
      'process.roles': 'broker,controller',
      'node.id': 1,
      'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
      listeners: `INSIDE://127.0.0.1:${plainPort},OUTSIDE://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `INSIDE://127.0.0.1:${plainPort},OUTSIDE://127.0.0.1:${port}`,
      'inter.broker.listener.name': 'INSIDE',
      'controller.listener.names': 'CONTROLLER',
      'listener.security.protocol.map': 'INSIDE:PLAINTEXT,OUTSIDE:SASL_SSL,CONTROLLER:PLAINTEXT',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': bundleFile,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': authorityFile,
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      'listener.name.outside.plain.sasl.jaas.config': `${plain} required user_${username}="${password}";`,
      'listener.name.outside.scram-sha-256.sasl.jaas.config': `${scram} required;`,
      'listener.name.outside.scram-sha-512.sasl.jaas.config': `${scram} required;`,
      ...ALONE,
    },
  })
  try {
    await node.start()
  } catch (error) {
    await node[Symbol.asyncDispose]()
    throw error
  }
  return { ...node, address: `127.0.0.1:${port}` }
}
