/** What to say of an error: its code and its message, each once. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code !== undefined && !message.includes(code) ? `${code} ${message}` : message
}
