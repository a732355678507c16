/** `recorded_at` of an encoded leaf (spec/ledger.md), µs since 1970, without decoding the rest. */
export function recordedAtOf(leaf: Uint8Array): number {
  const view = new DataView(leaf.buffer, leaf.byteOffset, leaf.byteLength)
  return view.getUint32(17) * 2 ** 32 + view.getUint32(21)
}
