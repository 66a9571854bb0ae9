/** A queue, first in, first out, whose front also takes back what has to be done again. */
export class Mailbox<T extends object> {
  /** Stands in front of the list: most mailboxes hold one item at a time, and need no list for it. */
  private front: T | undefined
  private behind: T[] = []
  private head = 0

  get length(): number {
    return this.front === undefined ? 0 : 1 + this.behind.length - this.head
  }

  get first(): T | undefined {
    return this.front
  }

  push(item: T): void {
    if (this.front === undefined) this.front = item
    else this.behind.push(item)
  }

  shift(): T | undefined {
    const item = this.front
    this.front = this.behind[this.head]
    if (this.front === undefined) return item
    if (++this.head === this.behind.length) {
      // Emptied rather than abandoned: a mailbox grows old, and an old array that is dropped keeps all it refers to from being
      // collected cheaply.
      this.behind.length = 0
      this.head = 0
    } else if (this.head > 1_024 && this.head * 2 > this.behind.length) {
      this.behind = this.behind.slice(this.head)
      this.head = 0
    }
    return item
  }

  /** Puts these before all others, in their order. */
  putBack(items: readonly T[]): void {
    const all = [...items, ...this.takeAll()]
    this.front = all[0]
    this.behind = all.slice(1)
  }

  takeAll(): T[] {
    const all = [...this]
    this.front = undefined
    this.behind = []
    this.head = 0
    return all
  }

  *[Symbol.iterator](): Generator<T> {
    if (this.front === undefined) return
    yield this.front
    yield* this.behind.slice(this.head)
  }
}
