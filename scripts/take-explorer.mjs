/** Puts the built pages of the explorer into the package of the server that is packed: `npm run build` makes them. */
import { cpSync, rmSync } from 'node:fs'

const from = new URL('../packages/web/dist/', import.meta.url)
const to = new URL('../packages/server/web/', import.meta.url)
rmSync(to, { recursive: true, force: true })
cpSync(from, to, { recursive: true })
