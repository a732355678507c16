/**
 * The chain of what one process records. Each record carries its number and the hash of the one before it, so that whoever has
 * the lines can tell, without us, that none is missing and none was changed (spec/stream.md).
 */
import { hash } from 'node:crypto'
import { newRecordId } from '../trace-context/ids.ts'

export interface Sequenced {
  readonly seq: number
  readonly line: string
}

export class Stream {
  /** One start of one process. */
  readonly id: string = newRecordId(Date.now())
  #seq = 0
  #previous: string | undefined

  /**
   * `head` and `tail`: the members of a record before and after `stream`, as canonical JSON without the braces. The hash is
   * over the record's canonical JSON without `stream.hash`.
   */
  chain(head: string, tail: string): Sequenced {
    const seq = ++this.#seq
    const before = this.#previous === undefined ? '' : `"prev_hash":"${this.#previous}",`
    const rest = `"id":"${this.id}",${before}"seq":${seq}},${tail}}`
    const own = hash('sha256', `{${head},"stream":{${rest}`)
    this.#previous = own
    return { seq, line: `{${head},"stream":{"hash":"${own}",${rest}` }
  }
}
