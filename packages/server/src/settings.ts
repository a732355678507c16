/** Every setting of the server: name, type, default and meaning, in one place. */
import { type Static, Type } from 'typebox'
import type { EncryptionOptions } from './keyring/open-content-keys.ts'

const MIB = 2 ** 20

/** Flags are `--like-this`, the environment is `TRAILPROOF_LIKE_THIS`, the file says `like_this:`. */
export const settingsSchema = Type.Object({
  data: Type.String({ minLength: 1, default: './trailproof-data', description: 'Directory of the ledgers.' }),
  keys: Type.String({
    minLength: 1,
    default: './trailproof-keys',
    description:
      'Directory of signing keys and checkpoint locks. Keep it on another disk and out of backups of the data.',
  }),
  master_key: Type.String({
    default: '',
    pattern: '^(|(file|vault|aws-kms):.+)$',
    description:
      'Encrypts content at rest, under keys that this one wraps: file:/path, vault:https://host:8200/transit/keys/name or aws-kms:<key arn>. Default: content is in clear.',
  }),
  vault_token: Type.String({
    default: '',
    description:
      'Token of Vault for master_key, or file:/path of a file that holds it and is read each time. Default: what VAULT_TOKEN says.',
  }),
  vault_namespace: Type.String({
    default: '',
    description: 'Namespace of Vault Enterprise for master_key. Default: what VAULT_NAMESPACE says.',
  }),
  database: Type.String({
    default: '',
    description:
      'PostgreSQL that keeps ledgers, keys and quarantine: postgres://user:password@host:5432/name, several hosts after commas. Default: SQLite in `data`.',
  }),
  lock_database: Type.String({
    default: '',
    description:
      'PostgreSQL that keeps the checkpoint locks, best in another cluster than `database`. Default: files in `keys`.',
  }),
  search_index: Type.String({
    default: '',
    pattern: '^(|(postgres|postgresql|opensearch|opensearchs)://.*)$',
    description:
      'Where searches look, shared by all servers: postgres://user:password@host:5432/name, or opensearch://host:9200/prefix (opensearchs:// for TLS). Default: SQLite in `data`, of each server its own.',
  }),
  intake: Type.String({
    minLength: 1,
    default: 'direct',
    description:
      'What lies between receivers and sequencers: direct, kafka://host:9092,host:9092/topic (kafkas:// for TLS) or redis://host:6379.',
  }),
  cache: Type.String({
    default: '',
    description:
      'Redis that remembers receipts and counts: redis://user:password@host:6379/0 (rediss:// for TLS). Nothing is kept there alone. Default: none.',
  }),
  roles: Type.String({
    default: 'all',
    pattern: '^(all|(receiver|sequencer|indexer|api)(,(receiver|sequencer|indexer|api))*)$',
    description:
      'What this server does of the work of several: all, or some of receiver, sequencer, indexer and api, with commas.',
  }),
  host: Type.String({
    minLength: 1,
    default: '127.0.0.1',
    description: 'Address to listen on; 0.0.0.0 for all interfaces (set TLS first).',
  }),
  port: Type.Integer({
    minimum: 0,
    maximum: 65535,
    default: 4000,
    description: 'Port to listen on; 0 takes a free one.',
  }),
  origin: Type.String({
    default: '',
    pattern: '^[^\\s+]*$',
    maxLength: 256,
    description:
      'Prefix of the checkpoint origins, such as audit.example.com; the ledger name is added. Fixed when a ledger is made. Default: trailproof.invalid/<install id>.',
  }),
  admin_token: Type.String({
    default: '',
    description:
      'Presets the admin token (16 characters or more). Default: made at the first start and printed once.',
  }),
  tls_cert: Type.String({
    default: '',
    description: 'PEM file of the certificate chain; needs tls_key. Read again when it changes.',
  }),
  tls_key: Type.String({ default: '', description: 'PEM file of the private key; needs tls_cert.' }),
  tls_client_ca: Type.String({
    default: '',
    description:
      'PEM file of the authorities whose certificates services may show instead of a token. Read again when it changes. Default: none are asked for.',
  }),
  tls_client_identities: Type.String({
    default: '',
    description:
      'Roles of such services, with semicolons: DNS:name=role, URI:uri=role@ledger, spiffe://id=role or subject:CN=…=role.',
  }),
  jwt_issuer: Type.String({
    default: '',
    description:
      'Issuer (iss) of tokens that services may call with, as JWT bearers. Needs jwt_audience and jwt_jwks. Default: none.',
  }),
  jwt_audience: Type.String({ default: '', description: 'What aud of such tokens must name.' }),
  jwt_jwks: Type.String({
    default: '',
    description: 'Keys of jwt_issuer: the https URL of its JWKS, or a file.',
  }),
  jwt_algorithms: Type.String({
    default: 'ES256,EdDSA,RS256',
    description: 'What such tokens may be signed with, with commas; never none, and never a shared secret.',
  }),
  jwt_groups_claim: Type.String({
    minLength: 1,
    default: 'groups',
    description: 'The claim that holds the groups; a.b: b within a.',
  }),
  jwt_roles: Type.String({
    default: '',
    description: 'Roles of groups: group=role or group=role@ledger, with commas.',
  }),
  oidc_issuer: Type.String({
    default: '',
    description:
      'Identity provider (OpenID Connect) by which people log in at /v1/oidc/login; its URL. Default: none.',
  }),
  oidc_client_id: Type.String({
    default: '',
    description:
      'What the identity provider knows this server as; its redirect URI is /v1/oidc/callback of this server.',
  }),
  oidc_client_secret: Type.String({
    default: '',
    description:
      'The secret that goes with it, or file:/path of a file that holds it. Default: none, a public client.',
  }),
  oidc_scopes: Type.String({
    minLength: 1,
    default: 'openid profile',
    description: 'What is asked of the identity provider, with spaces.',
  }),
  oidc_groups_claim: Type.String({
    minLength: 1,
    default: 'groups',
    description: 'The claim that holds the groups; a.b: b within a.',
  }),
  oidc_roles: Type.String({
    default: '',
    description:
      'Roles of groups: group=role or group=role@ledger, with commas. Who has none does not get in.',
  }),
  public_url: Type.String({
    default: '',
    pattern: '^(|https?://[^\\s/?#@]+/?)$',
    description:
      'Where people reach the server when a proxy is in front of it, such as https://audit.example.com. Default: its own address.',
  }),
  viewer_origins: Type.String({
    default: '',
    description:
      'Origins of pages that may show records by viewer tokens, with commas: https://shop.example.com. Default: pages of other origins read nothing.',
  }),
  key_requests_per_second: Type.Integer({
    minimum: 0,
    default: 0,
    description: 'Most requests and calls of one API key (429 beyond); 0: no bound.',
  }),
  address_requests_per_second: Type.Integer({
    minimum: 0,
    default: 0,
    description: 'Most requests and calls of one client address (429 beyond); 0: no bound.',
  }),
  address_failures_per_minute: Type.Integer({
    minimum: 0,
    default: 60,
    description:
      'Most refused keys of one client address; beyond, whatever it sends without a valid key is answered 429. 0: no bound.',
  }),
  ledger_records_per_second: Type.Integer({
    minimum: 0,
    default: 0,
    description: 'Most records sent to one ledger (429 beyond); 0: no bound.',
  }),
  connections_max: Type.Integer({
    minimum: 1,
    default: 10_000,
    description: 'Most connections at once; further ones are closed as they come.',
  }),
  public_log: Type.Boolean({
    default: false,
    description: 'Serve leaves and tiles without a key. They hold ids, arrival times and volume, no content.',
  }),
  disk_reserve_mib: Type.Integer({
    minimum: 0,
    default: 256,
    description: 'Free space in MiB below which new records are answered 503; reads go on.',
  }),
  body_bytes_max: Type.Integer({
    minimum: 1024,
    maximum: 512 * MIB,
    default: 16 * MIB,
    description: 'Largest request body in bytes after decompression (413 beyond).',
  }),
  batch_records_max: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 10_000,
    description: 'Most records in one request (413 beyond).',
  }),
  waiting_records_max: Type.Integer({
    minimum: 1,
    default: 50_000,
    description: 'Most records waiting for the disk; beyond, requests are answered 503 with Retry-After.',
  }),
  quarantine_records_max: Type.Integer({
    minimum: 0,
    default: 100_000,
    description: 'Most records kept in quarantine; beyond, bad records are answered refused.',
  }),
  tail_sessions_max: Type.Integer({
    minimum: 1,
    default: 1000,
    description: 'Most live tails at once (503 beyond).',
  }),
  exports_max: Type.Integer({
    minimum: 1,
    default: 4,
    description: 'Most exports at once (503 beyond).',
  }),
  approvals: Type.Union([Type.Literal('two'), Type.Literal('one')], {
    default: 'two',
    description:
      'Whether erasing takes a second person, who approves it (two), or whoever may erase does it alone (one).',
  }),
  record_reads: Type.Boolean({
    default: true,
    description: 'Record who read what in the companion ledger <name>.access, before the answer is given.',
  }),
  gap_quiet_seconds: Type.Integer({
    minimum: 1,
    default: 600,
    description: 'How long a missing stream.seq may still arrive before the gap is recorded.',
  }),
  shutdown_grace_seconds: Type.Integer({
    minimum: 0,
    default: 10,
    description: 'How long open requests may finish after the first signal.',
  }),
  log_level: Type.Union(
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].map((level) => Type.Literal(level)),
    { default: 'info', description: 'Least severe level of the server log.' },
  ),
})

export type Settings = Static<typeof settingsSchema>

/** Whether other servers may write the same ledgers at the same time: on one database, through a broker. */
export function sharesLedgers({ database, intake }: Pick<Settings, 'database' | 'intake'>): boolean {
  return database !== '' && intake !== 'direct'
}

/** Whether other servers may move the same search index on. */
export function sharesIndex(settings: Pick<Settings, 'database' | 'intake' | 'search_index'>): boolean {
  return settings.search_index !== '' && sharesLedgers(settings)
}

/** What threads and commands are told of the master key. */
export function encryptionOf(
  settings: Pick<Settings, 'data' | 'keys' | 'master_key' | 'vault_token' | 'vault_namespace'>,
): EncryptionOptions {
  const { data, keys, master_key: masterKey, vault_token, vault_namespace } = settings
  return { data, keys, masterKey, vaultToken: vault_token, vaultNamespace: vault_namespace }
}

export type SettingName = keyof Settings
