/** As much of a browser as sessions need: it keeps cookies, and says where a request comes from. */
import type { TestServer } from './test-server.ts'

export class Browser {
  readonly #server: TestServer
  readonly #cookies = new Map<string, { readonly value: string; readonly path: string }>()
  /** The attributes of each cookie as it was set last. */
  readonly attributes = new Map<string, string>()

  constructor(server: TestServer) {
    this.#server = server
  }

  cookie(name: string): string | undefined {
    return this.#cookies.get(name)?.value
  }

  /** A request of a page of the server itself, unless the headers say otherwise. */
  async fetch(
    path: string,
    { method = 'GET', body, headers = {} }: { method?: string; body?: object; headers?: object } = {},
  ): Promise<Response> {
    const sent = new Headers({
      'sec-fetch-site': 'same-origin',
      ...(method !== 'GET' && { origin: this.#server.url }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    })
    const pairs = [...this.#cookies].filter(([, { path: of }]) => isUnder(path.split('?')[0]!, of))
    if (pairs.length > 0) sent.set('cookie', pairs.map(([name, { value }]) => `${name}=${value}`).join('; '))
    const response = await fetch(this.#server.url + path, {
      method,
      headers: sent,
      redirect: 'manual',
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    return response
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ')
    const [name = '', value = ''] = pair.split('=')
    const path = attributes.find((each) => each.startsWith('Path='))?.slice('Path='.length) ?? '/'
    this.attributes.set(name, attributes.join('; '))
    if (attributes.includes('Max-Age=0')) this.#cookies.delete(name)
    else this.#cookies.set(name, { value, path })
  }
}

function isUnder(path: string, of: string): boolean {
  return of === '/' || path === of || path.startsWith(`${of}/`)
}
