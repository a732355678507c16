/** What the machine does at the moment: other figures are read beside these. */
import { hash } from 'node:crypto'
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { sampleRecords } from './sample-records.ts'

export interface Machine {
  readonly cores: number
  readonly model: string | undefined
  readonly node: string
  /** Sample records that one core parses and hashes in a second. */
  readonly records_per_second: number
  /** Median of a 4 KiB write and its sync, ms. */
  readonly sync_ms: number
}

const RECORDS = 100_000
const SYNCS = 100

export function measureMachine(): Machine {
  const texts = sampleRecords(1000).map((record) => JSON.stringify(record))
  const work = (count: number): void => {
    for (let i = 0; i < count; i++) {
      JSON.parse(texts[i % texts.length]!)
      hash('sha256', texts[i % texts.length]!)
    }
  }
  work(RECORDS / 10)
  const started = performance.now()
  work(RECORDS)
  const records_per_second = Math.round(RECORDS / ((performance.now() - started) / 1000))
  return {
    cores: cpus().length,
    model: cpus()[0]?.model,
    node: process.version,
    records_per_second,
    sync_ms: syncMs(),
  }
}

function syncMs(): number {
  const directory = mkdtempSync(join(tmpdir(), 'trailproof-sync-'))
  const file = openSync(join(directory, 'file'), 'w')
  try {
    const times = Float64Array.from({ length: SYNCS }, () => {
      const started = performance.now()
      writeSync(file, Buffer.alloc(4096))
      fdatasyncSync(file)
      return performance.now() - started
    })
    return Math.round(times.toSorted()[SYNCS / 2]! * 100) / 100
  } finally {
    closeSync(file)
    rmSync(directory, { recursive: true })
  }
}
