/** Colour where a person reads: never in pipes and files, never under NO_COLOR. */
import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'

export type Paint = (format: Parameters<typeof styleText>[0], text: string) => string

export function painterOf(stream: WriteStream): Paint {
  return (format, text) => styleText(format, text, { stream })
}

/** Text from records as it may be shown: control characters, which could steer a terminal, made visible. */
export function printable(text: string): string {
  return text.replaceAll(CONTROL, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** C0, DEL, C1, and the marks that turn the direction of text. */
// oxlint-disable-next-line no-control-regex -- they are what is replaced
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
