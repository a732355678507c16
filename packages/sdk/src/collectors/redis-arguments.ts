/** Which arguments of a Redis command may be shown: they have no names, so that masking by name cannot see them. */
import type { CompiledRedaction } from '@trailproof/core'

/** Only keys follow, or what says nothing about their values. */
const KEYS_ONLY: ReadonlySet<string> = new Set(
  (
    'BLPOP BRPOP COPY DEL DUMP EXISTS EXPIRE EXPIREAT EXPIRETIME GET GETBIT GETDEL GETEX GETRANGE HDEL HEXISTS HGET HGETALL HKEYS ' +
    'HLEN HMGET HPEXPIRE HEXPIRE HSTRLEN HTTL HVALS KEYS LINDEX LLEN LPOP LRANGE LTRIM MGET OBJECT PERSIST PEXPIRE PEXPIREAT PTTL RENAME ' +
    'RENAMENX RPOP SCAN SCARD SDIFF SINTER SMEMBERS SPOP STRLEN SUBSCRIBE SUNION TOUCH TTL TYPE UNLINK WATCH XLEN ' +
    'XRANGE ZCARD ZRANGE'
  ).split(' '),
)
const SCRIPTS = /^(?:EVAL|EVALSHA|FCALL)(?:_RO)?$/
/** Options between or after values. */
const OPTIONS = /^(?:EX|PX|EXAT|PXAT|NX|XX|GT|LT|CH|GET|KEEPTTL|LEFT|RIGHT|BEFORE|AFTER|MAXLEN|\*|~|\$)$/i
/** A longer argument is no name of a field. */
const NAME_CHARS_MAX = 128

/**
 * `args` as they may be recorded, the key first. Masked are: what a key with a secret name holds (`SET session:token abc`), what follows
 * a field with one (`HSET user:1 password x`, also of MSET and XADD), and all that a script is given beside its keys.
 * In doubt an argument is masked.
 */
export function shownArguments(
  command: string,
  args: readonly string[],
  { isSecretName, mask }: CompiledRedaction,
): readonly string[] {
  if (SCRIPTS.test(command)) {
    const values = 2 + (Number(args[1]) || 0)
    return args.map((arg, i) => (i < values ? arg : mask))
  }
  if (KEYS_ONLY.has(command)) return args
  const isSecret = (arg: string | undefined): boolean =>
    typeof arg === 'string' && arg.length <= NAME_CHARS_MAX && isSecretName(arg)
  const isSecretKey = isSecret(args[0])
  return args.map((arg, i) =>
    i > 0 && (isSecretKey || isSecret(args[i - 1])) && !OPTIONS.test(arg) ? mask : arg,
  )
}
