import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { Admission, type AdmissionState } from './admission.ts'

const RESERVE_BYTES = 512
const ENOUGH_BYTES = 4096

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const nextCheck = () => vi.advanceTimersByTime(500)
const gone = (): never => {
  throw Object.assign(new Error('ENOENT: no such file or directory, statfs'), { code: 'ENOENT' })
}

/** Two directories on disks of their own; what is free on each is set by the test. */
function watched() {
  const free: Record<string, () => number> = { data: () => ENOUGH_BYTES, keys: () => ENOUGH_BYTES }
  const seen: AdmissionState[] = []
  const onChange = (state: AdmissionState) => seen.push(state)
  const admission = new Admission(['data', 'keys'], RESERVE_BYTES, onChange, (directory) =>
    free[directory]!(),
  )
  onTestFinished(() => admission.stop())
  return { admission, free, seen }
}

describe('admission', () => {
  test('is open while there is space', () => {
    const { admission, seen } = watched()
    nextCheck()
    expect(admission.state).toBe('open')
    expect(admission.refusal()).toBeUndefined()
    expect(admission.freeBytes).toBe(ENOUGH_BYTES)
    expect(seen).toEqual([])
  })

  test.each([
    ['one byte below the reserve', RESERVE_BYTES - 1, 'disk-reserve'],
    ['at the reserve', RESERVE_BYTES, 'open'],
    ['nothing left', 0, 'disk-reserve'],
  ])('with %s of either disk', (_, bytes, state) => {
    for (const directory of ['data', 'keys']) {
      const { admission, free } = watched()
      free[directory] = () => bytes
      nextCheck()
      expect(admission.state).toBe(state)
    }
  })

  test('refuses below the reserve, to be tried again, and opens by itself', () => {
    const { admission, free, seen } = watched()
    free['keys'] = () => 100
    nextCheck()
    expect(admission.refusal()).toMatchObject({ code: 'DISK_RESERVE', retryable: true })
    free['keys'] = () => ENOUGH_BYTES
    nextCheck()
    expect(admission.refusal()).toBeUndefined()
    expect(seen).toEqual(['disk-reserve', 'open'])
  })

  test('refuses while a directory is gone, says so, and opens by itself', () => {
    const { admission, free, seen } = watched()
    free['data'] = gone
    nextCheck()
    nextCheck()
    expect(admission.state).toBe('disk-unreadable')
    expect(admission.freeBytes).toBe(0)
    expect(admission.refusal()).toMatchObject({
      retryable: true,
      message: expect.stringMatching(/^the free space of a directory .* cannot be read \(ENOENT\)/),
    })
    free['data'] = () => ENOUGH_BYTES
    nextCheck()
    expect(admission.refusal()).toBeUndefined()
    expect(admission.freeBytes).toBe(ENOUGH_BYTES)
    expect(seen).toEqual(['disk-unreadable', 'open'])
  })

  test('tells a disk that is gone from one that is full', () => {
    const { admission, free, seen } = watched()
    free['data'] = () => 0
    nextCheck()
    free['keys'] = gone
    nextCheck()
    free['keys'] = () => ENOUGH_BYTES
    nextCheck()
    expect(seen).toEqual(['disk-reserve', 'disk-unreadable', 'disk-reserve'])
    expect(admission.freeBytes).toBe(0)
  })

  test('begins closed when a directory cannot be read at the start', () => {
    const seen: AdmissionState[] = []
    const admission = new Admission(['data'], RESERVE_BYTES, (state) => seen.push(state), gone)
    expect(admission.state).toBe('disk-unreadable')
    admission.stop()
    expect(seen).toEqual(['disk-unreadable', 'stopping'])
  })

  test('does not open again once it is stopping', () => {
    const { admission, free } = watched()
    admission.stop()
    free['data'] = gone
    nextCheck()
    expect(admission.state).toBe('stopping')
    expect(admission.refusal()).toMatchObject({ code: 'STOPPING', retryable: true })
  })

  test('reads the space of a real directory, and outlives it', () => {
    const directory = mkdtempSync(join(tmpdir(), 'trailproof-test-'))
    const admission = new Admission([directory], 0, () => {})
    onTestFinished(() => admission.stop())
    expect(admission.state).toBe('open')
    expect(admission.freeBytes).toBeGreaterThan(0)
    rmSync(directory, { recursive: true })
    nextCheck()
    expect(admission.state).toBe('disk-unreadable')
  })
})
