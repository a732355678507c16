/** JSON for machines: one value a line. */
import type { Context } from '../context.ts'

export function printJson({ stdout }: Context, value: unknown): void {
  stdout.write(`${JSON.stringify(value)}\n`)
}
