import {
  nodeDisk,
  type SegmentFile,
  type SpoolDisk,
} from '../../../packages/sdk/src/delivery/spool/spool-disk.ts'

export interface WatchedDisk extends SpoolDisk {
  /** Operations under way. */
  readonly pending: number
}

/** A disk that tells when it has nothing to do: time in tests stands still until then. */
export function watchedDisk(disk: SpoolDisk = nodeDisk): WatchedDisk {
  let pending = 0
  const watched = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(_, name) {
        const member = (target as Record<string | symbol, unknown>)[name]
        if (typeof member !== 'function') return member
        return (...args: unknown[]): unknown => {
          const answer: unknown = member.apply(target, args)
          if (!(answer instanceof Promise)) return answer
          pending++
          return answer
            .then((value: unknown) => (name === 'createSegment' ? watched(value as SegmentFile) : value))
            .finally(() => pending--)
        }
      },
    })
  return new Proxy(watched(disk), {
    get: (target, name) => (name === 'pending' ? pending : (target as never)[name]),
  }) as WatchedDisk
}
