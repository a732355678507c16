import { writeSync } from 'node:fs'

/**
 * Writes all of `bytes`, or throws. A write may take a part and say so, above all on a disk that is
 * nearly full: then the rest is written, and the call for it names the error.
 */
export function writeWhole(file: number, bytes: Uint8Array, position: number | null = null): void {
  for (let at = 0; at < bytes.length; ) {
    const written = writeSync(file, bytes, at, bytes.length - at, position === null ? null : position + at)
    if (written === 0) throw new Error(`the file takes no more: ${bytes.length - at} bytes are not written`)
    at += written
  }
}
