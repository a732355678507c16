/** What the system says of this process, under the names that every Prometheus client uses. */
import { readdirSync } from 'node:fs'
import type { Registry } from './registry.ts'

export function sampleProcess(registry: Registry): void {
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed } = process.memoryUsage()
  registry.value('process_cpu_seconds_total').set((user + system) / 1e6)
  registry.value('process_resident_memory_bytes').set(rss)
  registry.value('nodejs_heap_size_used_bytes').set(heapUsed)
  registry.value('process_start_time_seconds').set(performance.timeOrigin / 1000)
  registry.value('process_open_fds').set(openFiles())
  registry
    .value('trailproof_event_loop_active_seconds_total')
    .set(performance.eventLoopUtilization().active / 1000)
}

/** 0 where the system does not list them. */
function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0 // not Linux
  }
}
