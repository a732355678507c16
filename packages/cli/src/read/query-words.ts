/** The query of a command: what the shell leaves of it, put together again. */

export const QUERY_ARGUMENT = '[query...]'

export const QUERY_HELP = `
A query is best written in single quotes, so that the shell leaves its quotes, * and | alone:
  $ trailproof search 'actor:u-1 message:"card declined" last:24h | top 5 action'
What it can say: spec/query.md; which fields there are: curl <url>/v1/fields.`

/** Undefined without words: then every record is meant. */
export function queryOf(words: readonly string[]): string | undefined {
  return words.join(' ') || undefined
}
