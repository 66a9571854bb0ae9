import { WritError } from '@writ/event-store'

/**
 * More wants to be hashed than the bank gets done in time. A failure and no refusal: nothing is remembered, so the same request can come again.
 */
export class TooManyPasswords extends WritError<'too-many-passwords'> {
  constructor(readonly waiting: number) {
    super('too-many-passwords', `${waiting} passwords wait to be hashed. Nothing was done; ask again in a moment.`)
  }
}

/** Lets a few work at a time; the others wait, in the order in which they came. */
export class Turns {
  private free: number
  private readonly waiting: (() => void)[] = []

  /** @param mostWaiting beyond so many, nobody else may wait */
  constructor(
    atOnce: number,
    private readonly mostWaiting: number,
  ) {
    this.free = atOnce
  }

  /** @throws TooManyPasswords */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--
    else if (this.waiting.length < this.mostWaiting) await new Promise<void>((resolve) => this.waiting.push(resolve))
    else throw new TooManyPasswords(this.waiting.length)
    try {
      return await work()
    } finally {
      const next = this.waiting.shift()
      if (next) next()
      else this.free++
    }
  }
}
