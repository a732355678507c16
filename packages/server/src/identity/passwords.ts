/**
 * Passwords: argon2id, and bcrypt where it was imported. Hashing takes memory and a thread on purpose, so only few at a time are
 * hashed: of a flood of logins most wait, and beyond a bound they are told to come again.
 */
import { randomBytes } from 'node:crypto'
import { parseOptions as argon2Options, hash as hashArgon2, verify as verifyArgon2 } from '@node-rs/argon2'
import { parseOptions as bcryptOptions, verify as verifyBcrypt } from '@node-rs/bcrypt'
import { TrailproofError } from '../trailproof-error.ts'

/** Code points. */
export const PASSWORD_LENGTH_MIN = 12
export const PASSWORD_LENGTH_MAX = 128

/** OWASP's first choice for argon2id; `argon2Options` has what an older hash was made with. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
/** libuv has four threads for this, for files and for names of hosts: two stay free. */
const AT_ONCE_MAX = 2
/** Half a second of them. */
const WAITING_MAX = 64

/** What an imported hash may cost us: whoever chose it did not pay for it. */
const IMPORTED_MEMORY_KIB_MAX = 131_072
const IMPORTED_TIME_MAX = 8
const IMPORTED_PARALLELISM_MAX = 4
const IMPORTED_BCRYPT_COST_MAX = 14

const BCRYPT = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/
const ARGON2ID =
  /^\$argon2id\$v=19\$m=\d{1,7},t=\d{1,2},p=\d{1,2}\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{22,86}$/

/** Why it cannot be a password, or undefined. */
export function passwordProblem(password: string): string | undefined {
  const length = Array.from(password.normalize('NFKC')).length
  if (length < PASSWORD_LENGTH_MIN) return `password: at least ${PASSWORD_LENGTH_MIN} characters`
  if (length > PASSWORD_LENGTH_MAX) return `password: at most ${PASSWORD_LENGTH_MAX} characters`
  return undefined
}

/** Why another system's hash cannot be taken over, or undefined. */
export function importProblem(hash: string): string | undefined {
  try {
    if (BCRYPT.test(hash)) {
      const { cost } = bcryptOptions(hash)
      if (cost <= IMPORTED_BCRYPT_COST_MAX) return undefined
      return `bcrypt of cost ${cost}: at most ${IMPORTED_BCRYPT_COST_MAX}`
    }
    if (!ARGON2ID.test(hash)) return 'expected argon2id ($argon2id$v=19$…) or bcrypt ($2a$, $2b$ or $2y$)'
    const { memoryCost, timeCost, parallelism } = argon2Options(hash)
    const isBounded =
      memoryCost <= IMPORTED_MEMORY_KIB_MAX &&
      timeCost <= IMPORTED_TIME_MAX &&
      parallelism <= IMPORTED_PARALLELISM_MAX
    if (isBounded) return undefined
    return `argon2id: at most m=${IMPORTED_MEMORY_KIB_MAX}, t=${IMPORTED_TIME_MAX}, p=${IMPORTED_PARALLELISM_MAX}`
  } catch {
    return 'not a hash that argon2id or bcrypt makes'
  }
}

export class Passwords {
  /** What nobody's password is compared with. */
  readonly #nobody: string
  #running = 0
  readonly #waiting: (() => void)[] = []

  private constructor(nobody: string) {
    this.#nobody = nobody
  }

  static async create(): Promise<Passwords> {
    return new Passwords(await hashArgon2(randomBytes(32), COST))
  }

  hash(password: string): Promise<string> {
    return this.#oneOfFew(() => hashArgon2(password.normalize('NFKC'), COST))
  }

  /** Of nobody, and of who has no password, it takes as long and is false. */
  verify(password: string, hash: string | undefined): Promise<boolean> {
    return this.#oneOfFew(async () => {
      // Longer than any that was ever set: hashing it would be work for nothing.
      const text = password.length > 4 * PASSWORD_LENGTH_MAX ? '' : password
      if (hash === undefined || text === '') {
        await verifyArgon2(this.#nobody, text)
        return false
      }
      // Others hashed what was typed, letter by letter.
      if (BCRYPT.test(hash)) return verifyBcrypt(text, hash)
      if (await verifyArgon2(hash, text.normalize('NFKC'))) return true
      return text.normalize('NFKC') !== text && (await verifyArgon2(hash, text))
    })
  }

  /** Whether the hash is weaker than one that is made today. */
  isOutdated(hash: string): boolean {
    if (BCRYPT.test(hash)) return true
    const { memoryCost, timeCost } = argon2Options(hash)
    return memoryCost < COST.memoryCost || (memoryCost === COST.memoryCost && timeCost < COST.timeCost)
  }

  async #oneOfFew<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE_MAX) {
      if (this.#waiting.length >= WAITING_MAX)
        throw new TrailproofError('OVERLOADED', 'too many logins at once; try again in a moment', {
          retryable: true,
        })
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
      })
    } else this.#running++
    try {
      return await work()
    } finally {
      // Who waits takes the place over; so it is never two that do.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }
}
