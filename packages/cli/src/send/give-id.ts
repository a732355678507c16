/** Names records on the client, so that a batch that is sent twice is recorded once. */
import { uuidv7 } from 'uuidv7'

/** The record's text with a UUIDv7 in front when it has no id; every other byte stays as it was. */
export function withId(text: string): string {
  if (!text.startsWith('{')) return text
  try {
    if ('id' in (JSON.parse(text) as object)) return text // an object: it begins with a brace
  } catch {
    return text // the server says what is wrong with it
  }
  const rest = text.slice(1).trimStart()
  return `{"id":"${uuidv7()}"${rest.startsWith('}') ? '' : ','}${rest}`
}
