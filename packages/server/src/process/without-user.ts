/** Of an address that may hold a password (`postgres://user:password@host/name?…`): what may be shown, without user and parameters. */
export function withoutUser(address: string): string {
  return address.replace(/\/\/.*@/, '//').replace(/\?.*$/, '')
}
