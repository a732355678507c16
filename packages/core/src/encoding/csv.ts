/** Rows of CSV (RFC 4180) that no spreadsheet takes for formulas. */

/** One row with its line end. Several values of one cell are separated by `; `; an object stands as JSON. */
export function formatCsvRow(cells: readonly unknown[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`
}

function cellOf(value: unknown): string {
  const values = (Array.isArray(value) ? value : [value]) as readonly unknown[]
  const [only] = values
  // -3 is a number, and no formula.
  if (values.length === 1 && typeof only === 'number') return String(only)
  return quoted(harmless(values.map(textOf).join('; ')))
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Spreadsheets run what begins like this, in full width too, and some drop white space before it. */
const FORMULA = /^\s*[=+\-@＝＋－＠]|^[\t\r]/

function harmless(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text
}

/** Also what other separators than the comma would tear apart: a part could be a formula again. */
function quoted(text: string): string {
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
