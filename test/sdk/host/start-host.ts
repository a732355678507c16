/** Starts a service in a child process, with the SDK and a fault or without, and asks it how it is. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { RecorderCounters, RecorderOptions } from '@trailproof/sdk'
import { onTestFinished } from 'vitest'
import type { Delivery, DeliveryStatus } from '../../../packages/sdk/src/delivery/delivery.ts'
import type { Fault, FaultPlaces } from './faults.ts'
import type { Framework } from './services.ts'

export interface HostSettings extends FaultPlaces {
  readonly framework: Framework
  readonly fault: Fault | 'no SDK'
  readonly options?: RecorderOptions
}

export interface HostReport {
  /** Errors that nobody caught. */
  readonly uncaught: number
  /** Events on the diagnostics channel, by kind. */
  readonly told: Readonly<Record<string, number>>
  /** After garbage collection. */
  readonly memoryBytes: number
  readonly rssBytes: number
  /** Undefined without the SDK. */
  readonly recorder: (RecorderCounters & { readonly open: number }) | undefined
  readonly delivery: (Delivery['counters'] & Pick<DeliveryStatus, 'contact' | 'spool'>) | undefined
}

export interface Host {
  readonly port: number
  report(): Promise<HostReport>
  /** Closes the service and its recorder; gives the exit code. */
  end(): Promise<number | null>
}

const ENTRY = fileURLToPath(new URL('./host-process.ts', import.meta.url))

export async function startHost(settings: HostSettings): Promise<Host> {
  const child = fork(ENTRY, [JSON.stringify(settings)], {
    execArgv: ['--expose-gc', '--conditions=trailproof-source'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exit = once(child, 'exit')
  const message = async (): Promise<unknown> => {
    const ended = exit.then(([code]) => {
      throw new Error(`the host ended with ${String(code)}`)
    })
    const [told] = (await Promise.race([once(child, 'message'), ended])) as [unknown]
    return told
  }
  const { port } = (await message()) as { port: number }
  return {
    port,
    async report() {
      child.send('report')
      return (await message()) as HostReport
    },
    async end() {
      child.send('close')
      const [code] = (await exit) as [number | null]
      return code
    },
  }
}
