/**
 * Makes a PNG of flat areas and text smaller without changing a pixel: rows are stored as they are instead of as differences,
 * in which repetitions are found better, and compressed as well as can be (PNG specification, section 9).
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const SIGNATURE_BYTES = 8
/** Bytes a pixel, of 8-bit RGB and RGBA. */
const PIXEL_BYTES = { 2: 3, 6: 4 }

export function smallerPng(png) {
  const chunks = [...chunksOf(png)]
  const header = chunks.find(({ type }) => type === 'IHDR').data
  const [width, pixelBytes] = [header.readUInt32BE(0), PIXEL_BYTES[header[9]]]
  const data = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map((chunk) => chunk.data))
  const rows = unfiltered(inflateSync(data), width * pixelBytes, pixelBytes)
  const packed = [
    { type: 'IHDR', data: header },
    { type: 'IDAT', data: deflateSync(rows, { level: 9, memLevel: 9 }) },
    { type: 'IEND', data: Buffer.alloc(0) },
  ]
  return Buffer.concat([png.subarray(0, SIGNATURE_BYTES), ...packed.map(chunkBytes)])
}

function* chunksOf(png) {
  for (let at = SIGNATURE_BYTES; at < png.length; ) {
    const length = png.readUInt32BE(at)
    yield { type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) }
    at += length + 12
  }
}

function chunkBytes({ type, data }) {
  const bytes = Buffer.alloc(data.length + 12)
  bytes.writeUInt32BE(data.length, 0)
  bytes.write(type, 4, 'latin1')
  data.copy(bytes, 8)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), data.length + 8)
  return bytes
}

/** Every row begins with the number of its filter; 0 is none. */
function unfiltered(bytes, rowBytes, pixelBytes) {
  const rows = Buffer.from(bytes)
  for (let start = 0; start < rows.length; start += rowBytes + 1) {
    const filter = rows[start]
    rows[start] = 0
    for (let i = start + 1; i <= start + rowBytes; i++) {
      const isFirst = i - start <= pixelBytes
      const left = isFirst ? 0 : rows[i - pixelBytes]
      const up = start === 0 ? 0 : rows[i - rowBytes - 1]
      const upLeft = isFirst || start === 0 ? 0 : rows[i - rowBytes - 1 - pixelBytes]
      rows[i] += predicted(filter, left, up, upLeft)
    }
  }
  return rows
}

function predicted(filter, left, up, upLeft) {
  if (filter === 1) return left
  if (filter === 2) return up
  if (filter === 3) return (left + up) >> 1
  if (filter !== 4) return 0
  const [a, b, c] = [Math.abs(up - upLeft), Math.abs(left - upLeft), Math.abs(left + up - 2 * upLeft)]
  return a <= b && a <= c ? left : b <= c ? up : upLeft
}
