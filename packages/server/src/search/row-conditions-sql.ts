/** Conditions on a row `r` in the SQL that SQLite and PostgreSQL share. Only numbers of ours go into it. */
import type { RowCondition } from './filter-plan.ts'

export function rowSql(condition: RowCondition): string {
  switch (condition.kind) {
    case 'compare':
      return `r.${condition.column} ${condition.sign} ${condition.value}`
    case 'in':
      return condition.values.length === 0
        ? 'FALSE'
        : `r.${condition.column} IN (${condition.values.join(',')})`
    case 'present':
      return `r.${condition.column} IS NOT NULL`
    case 'all':
      return `(${condition.parts.map(rowSql).join(' AND ')})`
    case 'any':
      return `(${condition.parts.map(rowSql).join(' OR ')})`
    case 'not':
      return `(${rowSql(condition.part)}) IS NOT TRUE`
  }
}
