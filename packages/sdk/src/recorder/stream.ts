/**
 * The chain of what one process records. Each record carries its number and the hash of the one before it, so that whoever has
 * the lines can tell, without us, that none is missing and none was changed (spec/stream.md).
 */
import { hash } from 'node:crypto'
import { newRecordId, newTraceId } from '../trace-context/ids.ts'

export interface Sequenced {
  readonly seq: number
  readonly line: string
}

export class Stream {
  /** One start of one process. */
  readonly id: string = newRecordId(Date.now())
  /** Stands for `stream` in a record until it is chained; random, so that nothing else in a record is the same. */
  readonly place: string = `stream ${newTraceId()}`
  #seq = 0
  #previous: string | undefined

  /** `text`: a record's canonical JSON, with `place` for its stream. The hash is over it with all of `stream` but the hash. */
  chain(text: string): Sequenced {
    const at = text.indexOf(this.place)
    const head = text.slice(0, at - 1)
    const tail = text.slice(at + this.place.length + 1)
    const seq = ++this.#seq
    const before = this.#previous === undefined ? '' : `"prev_hash":"${this.#previous}",`
    const rest = `"id":"${this.id}",${before}"seq":${seq}}${tail}`
    const own = hash('sha256', `${head}{${rest}`)
    this.#previous = own
    return { seq, line: `${head}{"hash":"${own}",${rest}` }
  }
}
