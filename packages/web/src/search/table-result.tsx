/** What a query with a pipe that counts makes: a table. Each row leads to the records behind it. */
import { Button } from '../parts/button.tsx'
import { between, filterText, type QueryEdit, withCondition, withOnly } from './edit-query.ts'
import type { QueryLanguage } from './query-language.ts'
import styles from './table-result.module.css'

export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
  readonly complete: boolean
  /** Newest matches that were counted, where not all were; null: all. */
  readonly sampled: number | null
}

interface TableResultProps {
  readonly table: Table
  readonly onEdit: (edit: QueryEdit) => void
}

/** Of the row that counts most. */
const BAR_REM = 8
/** Columns that no field of records is behind: how many, and where a step of `timeline` begins. */
const COUNT = 'count'
const STEP = 'time'

export function TableResult({ table: { columns, rows, complete, sampled }, onEdit }: TableResultProps) {
  const grouped = columns.flatMap((name, i) => (name === COUNT ? [] : [[name, i] as const]))
  const largest = Math.max(1, ...rows.map((row) => countOf(row)))
  return (
    <div className={styles.result}>
      {(sampled !== null || !complete) && (
        <p role="status">
          {sampled === null
            ? 'The search was ended early: there may be more.'
            : `Counted among the newest ${sampled.toLocaleString('en')} matches.`}
        </p>
      )}
      <table className={styles.table}>
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            <td />
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.join('\n')}>
              {columns.map((name, i) => (
                <td key={name} dir="auto" data-number={typeof row[i] === 'number'}>
                  {typeof row[i] === 'number' ? row[i].toLocaleString('en') : row[i] || <em>none</em>}
                </td>
              ))}
              <td className={styles.share}>
                <span
                  className={styles.bar}
                  aria-hidden="true"
                  style={{ inlineSize: `${(BAR_REM * countOf(row)) / largest}rem` }}
                />
                {grouped.length > 0 && (
                  <Button
                    kind="quiet"
                    aria-label={`Records of ${grouped.map(([, i]) => row[i]).join(', ')}`}
                    onClick={() =>
                      onEdit((language, query) =>
                        grouped.reduce(
                          (text, [name, i]) => withCell(language, query, text, name, String(row[i])),
                          filterText(query),
                        ),
                      )
                    }
                  >
                    Records
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** The text, and what a cell of a row of the query's table says. */
function withCell(language: QueryLanguage, query: string, text: string, name: string, cell: string): string {
  if (cell === '') return text
  if (name !== STEP) return withOnly(language, text, name, cell)
  const timeline = language.parseQuery(query).pipes.find((pipe) => pipe.kind === 'timeline')
  if (timeline === undefined) return text
  const end = new Date(Date.parse(cell) + timeline.stepSeconds * 1000)
  return withCondition(language, text, between(cell, end.toISOString()))
}

function countOf(row: readonly (string | number)[]): number {
  const last = row.at(-1)
  return typeof last === 'number' ? last : 0
}
