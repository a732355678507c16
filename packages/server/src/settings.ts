/** Every setting of the server: name, type, default and meaning, in one place. */
import { type Static, Type } from 'typebox'

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
  tls_cert: Type.String({ default: '', description: 'PEM file of the certificate chain; needs tls_key.' }),
  tls_key: Type.String({ default: '', description: 'PEM file of the private key; needs tls_cert.' }),
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
export type SettingName = keyof Settings
