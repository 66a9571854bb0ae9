import { type LogEntry, type Portion } from './log-entry.js'

/** The newest part of the log, kept within bounds: the oldest entries make room for new ones. */
export class Ring {
  private entries: LogEntry[] = []
  private sizes: number[] = []
  private first = 0
  private size = 0
  private start: number
  private end: number

  constructor(
    position: number,
    private readonly most: { readonly entries: number; readonly size: number },
  ) {
    this.start = position
    this.end = position
  }

  /** What comes after this position is here. */
  get after(): number {
    return this.start
  }

  /** It reaches up to this position, it included. */
  get upTo(): number {
    return this.end
  }

  push(entries: readonly LogEntry[], sizes: readonly number[], upTo: number): void {
    for (const [index, entry] of entries.entries()) {
      this.entries.push(entry)
      this.sizes.push(sizes[index]!)
      this.size += sizes[index]!
    }
    this.end = upTo
    while (this.count > this.most.entries || (this.size > this.most.size && this.count > 1)) this.dropOldest()
    if (this.first > this.most.entries) this.compact()
  }

  /** Whether there is room for more without dropping what comes after a position. */
  hasRoomBeyond(position: number): boolean {
    const ahead = this.entries.length - this.indexAfter(position)
    if (ahead === 0) return true
    const sizeAhead = (this.size / this.count) * ahead
    return ahead < this.most.entries / 2 && sizeAhead < this.most.size / 2
  }

  /** Up to so many entries after a position that it reaches back to; undefined when there is nothing newer. */
  take(after: number, most: number, concerns: (type: string) => boolean): Portion | undefined {
    if (after >= this.end) return undefined
    const taken: LogEntry[] = []
    for (let index = this.indexAfter(after); index < this.entries.length; index++) {
      const entry = this.entries[index]!
      if (!concerns(entry.type)) continue
      taken.push(entry)
      if (taken.length === most) return { entries: taken, upTo: entry.position }
    }
    return { entries: taken, upTo: this.end }
  }

  private get count(): number {
    return this.entries.length - this.first
  }

  private dropOldest(): void {
    this.start = this.entries[this.first]!.position
    this.size -= this.sizes[this.first]!
    this.first++
  }

  private compact(): void {
    this.entries = this.entries.slice(this.first)
    this.sizes = this.sizes.slice(this.first)
    this.first = 0
  }

  private indexAfter(position: number): number {
    let low = this.first
    let high = this.entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.entries[middle]!.position > position) high = middle
      else low = middle + 1
    }
    return low
  }
}
