/** Integers as a literal in SQL. */
export function integers(values: readonly number[]): string {
  return `'{${values.join(',')}}'::bigint[]`
}
