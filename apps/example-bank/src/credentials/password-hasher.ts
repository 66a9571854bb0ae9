import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import pLimit from 'p-limit'
import { TooManyPasswords } from './too-many-passwords.js'

export interface ScryptCost {
  /** Memory and time; a power of two. */
  readonly N: number
  readonly r: number
  readonly p: number
}

/** One of OWASP's equal choices for scrypt: 32 MiB, three times over. */
const defaultCost: ScryptCost = { N: 2 ** 15, r: 8, p: 3 }
const BYTES = 32

/** Of the four threads that Node has for such work, half; and no more may wait than are done before their senders give up, also on a busy machine. */
const AT_ONCE = 2
const MOST_WAITING = 20

/** Hashes passwords with scrypt; a hash carries its parameters, so they can grow without breaking those that are stored. */
export class PasswordHasher {
  // Compared with when an account is unknown, so that the answer takes as long as for a known one.
  private readonly decoy: Promise<string>
  private readonly turns = pLimit(AT_ONCE)

  constructor(private readonly cost: ScryptCost = defaultCost) {
    this.decoy = this.hash(randomBytes(BYTES).toString('hex'))
    this.decoy.catch(() => 'whoever awaits it is told')
  }

  /** @throws TooManyPasswords */
  async hash(password: string): Promise<string> {
    const { N, r, p } = this.cost
    const salt = randomBytes(16)
    const key = await this.derive(password, salt, this.cost)
    return ['scrypt', N, r, p, salt.toString('base64url'), key.toString('base64url')].join('$')
  }

  /**
   * @param hash undefined where there is no account: false, after the time that a comparison takes
   * @throws TooManyPasswords
   */
  async matches(password: string, hash: string | undefined): Promise<boolean> {
    const [, N, r, p, salt, expected] = (hash ?? (await this.decoy)).split('$')
    if (salt === undefined || expected === undefined) return false
    const cost = { N: Number(N), r: Number(r), p: Number(p) }
    const key = await this.derive(password, Buffer.from(salt, 'base64url'), cost)
    return timingSafeEqual(key, Buffer.from(expected, 'base64url')) && hash !== undefined
  }

  private async derive(password: string, salt: Buffer, cost: ScryptCost): Promise<Buffer> {
    const { pendingCount } = this.turns
    if (pendingCount >= MOST_WAITING) throw new TooManyPasswords(pendingCount)
    return this.turns(() => derive(password, salt, cost))
  }
}

function derive(password: string, salt: Buffer, cost: ScryptCost): Promise<Buffer> {
  // Twice what scrypt needs, for Node refuses parameters that come near its limit of 32 MiB.
  const options: ScryptOptions = { ...cost, maxmem: 256 * cost.N * cost.r }
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, BYTES, options, (error, key) => (error ? reject(error) : resolve(key)))
  })
}
