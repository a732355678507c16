/** Processor time of the processes that this one has started, for what a record costs on each of them. */
import { readdirSync, readFileSync } from 'node:fs'

/** Clock ticks a second on Linux (`getconf CLK_TCK`, 100 on all architectures that Node runs on). */
const TICKS_PER_SECOND = 100

interface ProcessTimes {
  readonly parent: number
  /** Of itself and of those of its children that have ended. */
  readonly seconds: number
}

/** Seconds of the process and of all that it and its children have started, from the times in `/proc/<pid>/stat` (proc(5)). */
export function processorSeconds(pid: number): number {
  const all = new Map<number, ProcessTimes>()
  for (const name of readdirSync('/proc')) {
    const times = /^\d+$/.test(name) ? timesOf(name) : undefined
    if (times) all.set(Number(name), times)
  }
  const sum = (at: number): number => {
    let seconds = all.get(at)?.seconds ?? 0
    for (const [child, { parent }] of all) if (parent === at) seconds += sum(child)
    return seconds
  }
  return sum(pid)
}

/** The pids of this process' own children, by the name of their program. */
export function childrenNamed(program: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && timesOf(name)?.parent === process.pid)
    .filter((name) => readFileSync(`/proc/${name}/comm`, 'utf8').trim() === program)
    .map(Number)
}

function timesOf(pid: string): ProcessTimes | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined // it has ended
  }
  // The name in parentheses may hold blanks; what follows it begins with field 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = [14, 15, 16, 17].reduce((total, field) => total + Number(fields[field - 3]), 0)
  return { parent: Number(fields[4 - 3]), seconds: ticks / TICKS_PER_SECOND }
}
