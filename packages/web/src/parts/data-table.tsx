/** Rows under titles; where it is narrow each row becomes a card, in which the titles stand beside the values. */
import type { ReactNode } from 'react'
import styles from './data-table.module.css'

export interface DataColumn<Row> {
  readonly title: string
  readonly show: (row: Row) => ReactNode
  /** Figures stand under each other. */
  readonly isFigure?: boolean
}

interface DataTableProps<Row> {
  /** What the table is of, for whoever hears it. */
  readonly label: string
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string | number
  readonly columns: readonly DataColumn<Row>[]
  /** Buttons at the end of a row. */
  readonly acts?: (row: Row) => ReactNode
}

export function DataTable<Row>({ label, rows, keyOf, columns, acts }: DataTableProps<Row>) {
  if (rows.length === 0) return <p className={styles.none}>There are none.</p>
  return (
    // Roles are said, as they are lost where the table is laid out as cards.
    <table className={styles.table} role="table" aria-label={label}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ title, isFigure }) => (
            <th key={title} role="columnheader" scope="col" data-figure={isFigure}>
              {title}
            </th>
          ))}
          {acts !== undefined && (
            <th role="columnheader" scope="col">
              <span className="for-readers-only">Actions</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={keyOf(row)} role="row">
            {columns.map(({ title, show, isFigure }) => (
              <td key={title} role="cell" data-title={title} data-figure={isFigure} dir="auto">
                <div>{show(row)}</div>
              </td>
            ))}
            {acts !== undefined && (
              <td role="cell" className={styles.acts}>
                <div>{acts(row)}</div>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
