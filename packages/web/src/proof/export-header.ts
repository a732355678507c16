import { type ExportHeader, parseExportHeader } from '@trailproof/verify'

/** The first line of an export holds a checkpoint and a query. */
const HEADER_BYTES_MAX = 65_536

/** Undefined: the file does not begin as an export does. */
export async function exportHeader(file: Blob): Promise<ExportHeader | undefined> {
  const [firstLine = ''] = (await file.slice(0, HEADER_BYTES_MAX).text()).split('\n')
  return parseExportHeader(firstLine)
}
