/** Texts that were looked through once and held nothing secret. */

/** Beyond this all are forgotten at once: those that matter are soon there again. */
const TEXTS_MAX = 4_096
/** Longer ones hardly come twice. */
const CHARS_MAX = 256

export class CleanTexts {
  readonly #texts = new Set<string>()

  has(text: string): boolean {
    return text.length <= CHARS_MAX && this.#texts.has(text)
  }

  add(text: string): void {
    if (text.length > CHARS_MAX) return
    if (this.#texts.size >= TEXTS_MAX) this.#texts.clear()
    this.#texts.add(text)
  }
}
