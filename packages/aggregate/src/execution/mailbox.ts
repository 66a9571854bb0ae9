/** A queue, first in, first out, whose front also takes back what has to be done again. */
export class Mailbox<T> {
  private items: T[] = []
  private head = 0
  // Arrays are emptied rather than abandoned. These objects grow old, and an old array that is dropped keeps all it refers to from
  // being collected cheaply.

  get length(): number {
    return this.items.length - this.head
  }

  get first(): T | undefined {
    return this.items[this.head]
  }

  push(item: T): void {
    this.items.push(item)
  }

  shift(): T | undefined {
    const item = this.items[this.head]
    if (++this.head >= this.items.length) {
      this.items.length = 0
      this.head = 0
    } else if (this.head > 1_024 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head)
      this.head = 0
    }
    return item
  }

  /** Puts these before all others, in their order. */
  putBack(items: readonly T[]): void {
    this.items = [...items, ...this.items.slice(this.head)]
    this.head = 0
  }

  takeAll(): T[] {
    const all = this.items.slice(this.head)
    this.items = []
    this.head = 0
    return all
  }

  [Symbol.iterator](): Iterator<T> {
    return this.items.slice(this.head)[Symbol.iterator]()
  }
}
