/** The pages of the explorer: files that were built before, told apart by a hash in their names. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import serveFiles from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/** Among the sources once they were built, and in a package that was installed. */
const PLACES = [new URL('../../../web/dist/', import.meta.url), new URL('../../web/', import.meta.url)]

/** Nothing runs that is not a file of ours; nobody frames it; nothing is sent elsewhere. Base UI places what floats by style attributes. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** A name with a hash is the same file for ever. */
const FOR_EVER = 'public, max-age=31536000, immutable'

/** Where the built pages are; undefined: nowhere. */
export function explorerFiles(): string | undefined {
  const place = PLACES.find((url) => existsSync(new URL('index.html', url)))
  return place === undefined ? undefined : fileURLToPath(place)
}

/** `GET /` and what it loads; open to all, as nothing in it is anybody's. Without built pages there is nothing. */
export async function explorerRoutes(app: FastifyInstance): Promise<void> {
  const root = explorerFiles()
  if (root === undefined) return
  // Links to a page stand on other sites, and who logged in at an identity provider comes from there.
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, checksOrigin: true }
  })
  await app.register(serveFiles, {
    root,
    wildcard: false,
    schemaHide: true,
    preCompressed: true,
    setHeaders(reply, path) {
      reply.header('content-security-policy', PAGE_POLICY)
      reply.header('cache-control', path.includes('/assets/') ? FOR_EVER : 'no-cache')
    },
  })
}
