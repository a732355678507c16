/** Records in bodies that any server takes. */

const RECORDS_MAX = 1000
/** Well below the default bound of a body, 16 MiB, at up to 3 bytes a character. */
const CHARS_MAX = 4 * 2 ** 20

export async function* batchesOf(records: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let batch: string[] = []
  let chars = 0
  for await (const record of records) {
    if (batch.length === RECORDS_MAX || (batch.length > 0 && chars + record.length > CHARS_MAX)) {
      yield batch
      batch = []
      chars = 0
    }
    batch.push(record)
    chars += record.length + 1
  }
  if (batch.length > 0) yield batch
}
