/** How an OpenSearch cluster is reached: what a user may say, and what we make of it. */
import { SHAPES_MAX } from '../../search/shape.ts'
import { TrailproofError } from '../../trailproof-error.ts'

export interface OpenSearchOptions {
  /**
   * `opensearch://user:password@host:9200/prefix`, or `opensearchs://` for TLS. Several hosts of one cluster may be given,
   * `@a:9200,b:9200/`: another is asked when one is away. The port is 9200 where none is given; names of indices begin
   * with the prefix, by default `trailproof`.
   */
  readonly url: string
  /** What to tell people about the cluster. Default: nobody is told. */
  readonly onWarning?: (message: string) => void
  /** Entries in one index of a ledger; an erasure writes one anew. Holds for ledgers that are new. Default 131,072. */
  readonly partEntries?: number
  /** Different shapes of a ledger that are told apart. Default 65,536. */
  readonly shapesMax?: number
  /** How long one request may take that is no search; a search takes the time that its caller gives. Default 30,000. */
  readonly requestTimeoutMs?: number
  /** A request of several documents is sent as soon as it is so long, in bytes. Default 4 MiB. */
  readonly bulkBytesMax?: number
}

/** Every option with its value, and the parts of the URL. */
export interface ResolvedOpenSearchOptions extends Required<Omit<OpenSearchOptions, 'url'>> {
  /** `http://host:9200` and so on. */
  readonly origins: readonly string[]
  /** Undefined: nobody logs in. */
  readonly authorization: string | undefined
  readonly prefix: string
}

const URL_FORM = /^opensearch(s?):\/\/(?:([^/?#@]*)@)?([^/?#@]+)(?:\/([^/?#]*))?$/
const HOST_FORM = /^(?:\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::\d{1,5})?$/
const PREFIX_FORM = /^[a-z0-9][a-z0-9_-]{0,63}$/
const DEFAULT_PORT = ':9200'

export function resolveOptions({ url, ...options }: OpenSearchOptions): ResolvedOpenSearchOptions {
  const [, tls, user, hosts = '', prefix] = URL_FORM.exec(url) ?? []
  const all = hosts.split(',')
  if (tls === undefined || !all.every((host) => HOST_FORM.test(host)))
    throw new TrailproofError(
      'BAD_SETTING',
      'an OpenSearch URL is opensearch://user:password@host:port/prefix, or opensearchs:// for TLS',
    )
  if (prefix && !PREFIX_FORM.test(prefix))
    throw new TrailproofError(
      'BAD_SETTING',
      `a prefix of indices is up to 64 of a-z, 0-9, _ and -, not ${prefix}`,
    )
  return {
    origins: all.map((host) => `http${tls}://${host}${/:\d+$/.test(host) ? '' : DEFAULT_PORT}`),
    authorization: user ? `Basic ${Buffer.from(decoded(user)).toString('base64')}` : undefined,
    prefix: prefix || 'trailproof',
    partEntries: options.partEntries ?? 131_072,
    shapesMax: options.shapesMax ?? SHAPES_MAX,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    bulkBytesMax: options.bulkBytesMax ?? 4_194_304,
    onWarning: options.onWarning ?? (() => undefined),
  }
}

function decoded(user: string): string {
  try {
    return decodeURIComponent(user)
  } catch (cause) {
    throw new TrailproofError('BAD_SETTING', "user and password of OpenSearch's URL are percent-encoded", {
      cause,
    })
  }
}
