import { randomInt, randomUUID } from 'node:crypto'

/** The accounts of one system. Their numbers are random, as those of real accounts: indexes feel the difference. */
export class AccountNumbers {
  readonly all: readonly string[]
  private readonly turns: number[]

  constructor(
    count: number,
    private readonly callers: number,
  ) {
    this.all = Array.from({ length: count }, () => randomUUID())
    this.turns = Array.from({ length: callers }, (_, caller) => caller % count)
  }

  /** The next one of a caller, which goes round accounts of its own; where there are fewer than callers, they share. */
  next(caller: number): string {
    const turn = this.turns[caller]!
    const next = turn + this.callers
    this.turns[caller] = next < this.all.length ? next : caller % this.all.length
    return this.all[turn]!
  }

  /** Two different ones, by chance. */
  pair(): readonly [string, string] {
    const first = randomInt(this.all.length)
    const second = (first + randomInt(1, this.all.length)) % this.all.length
    return [this.all[first]!, this.all[second]!]
  }
}
