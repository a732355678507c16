/** What a person sees when the server has started. */
import type { Settings } from '@trailproof/server'
import { withoutUser } from '@trailproof/server/ports'
import type { Context } from '../context.ts'
import { type Paint, painterOf } from '../terminal/paint.ts'

export interface Started {
  readonly url: string
  readonly settings: Pick<
    Settings,
    'data' | 'keys' | 'database' | 'lock_database' | 'intake' | 'search_index' | 'cache' | 'roles'
  >
  readonly ledgers: readonly { readonly name: string; readonly size: number }[]
  /** Shown this once and nowhere kept. */
  readonly newAdminToken: string | undefined
}

export function printBanner(context: Context, started: Started): void {
  const paint = painterOf(context.stdout)
  context.stdout.write(bannerText(started, context.version, paint))
}

export function bannerText(
  { url, settings, ledgers, newAdminToken }: Started,
  version: string,
  paint: Paint,
): string {
  const row = (name: string, value: string): string => `  ${paint('dim', name.padEnd(8))} ${value}`
  const lines = [
    '',
    `  ${paint(['bold', 'green'], 'Trailproof')} ${paint('dim', version)}`,
    '',
    row('url', paint('cyan', url)),
    row('docs', `${url}/docs`),
    row('data', settings.data),
    row('keys', `${settings.keys} ${paint('dim', '(keep them on another disk than the data)')}`),
    ...clusterRows(settings, row),
    row('ledgers', ledgers.map(({ name, size }) => `${name} (${size})`).join(', ')),
  ]
  if (newAdminToken !== undefined) lines.push('', ...firstSteps(url, newAdminToken, paint))
  return `${lines.join('\n')}\n\n`
}

/** What is shared with other servers; nothing where this one is alone. */
function clusterRows(settings: Started['settings'], row: (name: string, value: string) => string): string[] {
  const { database, lock_database, intake, search_index, cache, roles } = settings
  const shared = { database, locks: lock_database, intake, search: search_index, cache, roles }
  return Object.entries(shared)
    .filter(([, value]) => value !== '' && value !== 'direct' && value !== 'all')
    .map(([name, value]) => row(name, withoutUser(value)))
}

function firstSteps(url: string, token: string, paint: Paint): string[] {
  return [
    `  ${paint(['bold', 'yellow'], 'Admin token, shown only now:')} ${paint('bold', token)}`,
    '',
    `  ${paint('dim', 'Try it:')}`,
    `  export TRAILPROOF_TOKEN=${token}${url === 'http://127.0.0.1:4000' ? '' : ` TRAILPROOF_URL=${url}`}`,
    `  echo '{"action":"hello.said","actor":{"type":"user","id":"u-1"}}' | trailproof send`,
    `  curl ${url}/v1/events -H "Authorization: Bearer $TRAILPROOF_TOKEN" -d '{"action":"hello.said"}'`,
  ]
}
