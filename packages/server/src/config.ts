/** Reads the settings: defaults, then the file, then the environment, then flags. The only reader of `env`. */
import { existsSync, readFileSync } from 'node:fs'
import { Value } from 'typebox/value'
import { parseDocument } from 'yaml'
import { type SettingName, type Settings, settingsSchema } from './settings.ts'
import { TrailproofError } from './trailproof-error.ts'

const ENV_PREFIX = 'TRAILPROOF_'
/** Read when there and no other file is named. */
const DEFAULT_CONFIG_FILE = 'trailproof.yaml'
/** Set for the command line's sake, not settings of the server. */
const ENV_OF_OTHERS = new Set(['TRAILPROOF_TOKEN', 'TRAILPROOF_URL', 'TRAILPROOF_CONFIG'])
/** What Vault's own programs read, for settings that nothing else gives. */
const ENV_OF_VAULT = { VAULT_TOKEN: 'vault_token', VAULT_NAMESPACE: 'vault_namespace' } as const
/** Never shown, not even where they are wrong. */
const SECRETS: ReadonlySet<string> = new Set(['admin_token', 'vault_token', 'oidc_client_secret'])

export interface ConfigSources {
  /** Flags by setting name, as texts or already typed. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Path of a YAML file; default `trailproof.yaml` in the working directory, if it is there. */
  readonly file?: string | undefined
}

/** The complete settings; rejects with BAD_SETTING naming the place of the bad value and the fix. */
export function readConfig({ flags, env, file }: ConfigSources): Settings {
  const settings: Record<string, unknown> = {}
  const places: Record<string, string> = {}
  const put = (name: string, value: unknown, place: string): void => {
    if (!(name in settingsSchema.properties)) throw unknownSetting(name, place)
    settings[name] = typeof value === 'string' ? typed(name as SettingName, value, place) : value
    places[name] = place
  }
  for (const name of Object.keys(settingsSchema.properties)) settings[name] = metaOf(name).default

  for (const [variable, name] of Object.entries(ENV_OF_VAULT))
    if (env[variable] !== undefined) put(name, env[variable], `the environment, ${variable}`)
  const path = file ?? env[`${ENV_PREFIX}CONFIG`]
  for (const [name, { value, place }] of readFile(path)) put(name, value, place)
  for (const [variable, value] of Object.entries(env))
    if (variable.startsWith(ENV_PREFIX) && !ENV_OF_OTHERS.has(variable) && value !== undefined)
      put(variable.slice(ENV_PREFIX.length).toLowerCase(), value, `the environment, ${variable}`)
  for (const [name, value] of Object.entries(flags))
    if (value !== undefined) put(name, value, `the command line, --${name.replaceAll('_', '-')}`)

  for (const name of Object.keys(settings))
    assertValid(name as SettingName, settings[name], places[name] ?? 'default')
  const complete = settings as Settings
  if ((complete.tls_cert === '') !== (complete.tls_key === ''))
    throw new TrailproofError('BAD_SETTING', 'tls_cert and tls_key belong together: give both or neither')
  if (complete.admin_token !== '' && complete.admin_token.length < 16)
    throw new TrailproofError('BAD_SETTING', `admin_token (${places['admin_token']}): at least 16 characters`)
  return complete
}

function* readFile(named: string | undefined): Generator<[string, { value: unknown; place: string }]> {
  const path = named ?? DEFAULT_CONFIG_FILE
  if (!existsSync(path)) {
    if (named === undefined) return
    throw new TrailproofError('BAD_SETTING', `there is no configuration file ${path}`)
  }
  const document = parseDocument(readFileSync(path, 'utf8'))
  const [error] = document.errors
  if (error) throw new TrailproofError('BAD_SETTING', `${path}: ${error.message}`)
  const values: unknown = document.toJS()
  if (values === null) return
  if (typeof values !== 'object' || Array.isArray(values))
    throw new TrailproofError('BAD_SETTING', `${path}: expected settings, one 'name: value' a line`)
  for (const [name, value] of Object.entries(values)) yield [name, { value, place: path }]
}

/** Texts from the environment and the command line, as the schema's type where they can be read as it. */
function typed(name: SettingName, text: string, place: string): unknown {
  const { type } = metaOf(name)
  if (type === 'integer') {
    if (!/^\d{1,15}$/.test(text))
      throw badSetting(name, place, `expected a whole number, got ${JSON.stringify(text)}`)
    return Number(text)
  }
  if (type === 'boolean') {
    if (text !== 'true' && text !== 'false')
      throw badSetting(name, place, `expected true or false, got ${JSON.stringify(text)}`)
    return text === 'true'
  }
  return text
}

function assertValid(name: SettingName, value: unknown, place: string): void {
  const schema = settingsSchema.properties[name]
  if (Value.Check(schema, value)) return
  const [error] = Value.Errors(schema, value)
  const got = SECRETS.has(name) ? '' : `, got ${JSON.stringify(value)}`
  throw badSetting(name, place, `${error?.message ?? 'not valid'}${got}`)
}

function badSetting(name: string, place: string, what: string): TrailproofError {
  return new TrailproofError('BAD_SETTING', `${name} (${place}): ${what}. ${metaOf(name).description}`)
}

/** What JSON Schema says of a setting and TypeBox's types leave out. */
function metaOf(name: string): { type?: string; default: unknown; description: string } {
  return settingsSchema.properties[name as SettingName] as unknown as ReturnType<typeof metaOf>
}

function unknownSetting(name: string, place: string): TrailproofError {
  const names = Object.keys(settingsSchema.properties)
  const near =
    names.find((known) => known.startsWith(name.slice(0, 4))) ?? names.find((known) => known.includes(name))
  return new TrailproofError(
    'BAD_SETTING',
    `${place}: there is no setting ${name}${near ? `; did you mean ${near}?` : ''} Known: ${names.join(', ')}`,
  )
}
