/** The server's settings as flags, help and defaults included; made from the schema, so none is forgotten. */

import { Option } from '@commander-js/extra-typings'
import { settingsSchema } from '@trailproof/server'

interface SettingMeta {
  readonly type?: 'string' | 'integer' | 'boolean'
  readonly default: string | number | boolean
  readonly description: string
  readonly anyOf?: readonly { readonly const: string }[]
}

export function settingOptions(): Option[] {
  return Object.entries(settingsSchema.properties).map(([name, schema]) =>
    settingOption(name, schema as unknown as SettingMeta),
  ) // TypeBox's types leave out what JSON Schema says of a setting
}

/** One setting as a flag; its value is checked by `readConfig`, which knows where each value came from. */
function settingOption(name: string, { type, default: preset, description, anyOf }: SettingMeta): Option {
  const flag = `--${name.replaceAll('_', '-')}`
  const value = type === 'boolean' ? ' [true|false]' : type === 'integer' ? ' <n>' : ` <${valueName(name)}>`
  const choices = anyOf ? ` One of ${anyOf.map((one) => one.const).join(', ')}.` : ''
  const said = preset === '' || description.includes('Default:') ? '' : ` Default: ${preset}.`
  return new Option(flag + value, description.replace(/\.?$/, '.') + choices + said)
}

/** The flags given, by setting name, as texts. */
export function settingFlags(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const flags: Record<string, unknown> = {}
  for (const name of Object.keys(settingsSchema.properties)) {
    const given = options[attributeName(name)]
    if (given !== undefined) flags[name] = given
  }
  return flags
}

/** `disk_reserve_mib` as commander names it: `diskReserveMib`. */
function attributeName(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

const VALUE_NAMES: Readonly<Record<string, string>> = {
  data: 'dir',
  keys: 'dir',
  host: 'address',
  origin: 'prefix',
  admin_token: 'token',
  tls_cert: 'file',
  tls_key: 'file',
  log_level: 'level',
}

function valueName(name: string): string {
  return VALUE_NAMES[name] ?? 'text'
}
