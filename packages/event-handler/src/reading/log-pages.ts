import type { EventStore, EventTypes, StoredEvent } from '@writ/event-store'
import { endOfLog } from './end-of-log.js'
import { LogEntry } from './log-entry.js'
import { PageSize } from './page-size.js'

/** So many pages are kept for others who come soon after. */
const MOST_KEPT = 8
/** Whoever is so many positions behind a page, or more, does not come soon. */
const NEAR = 16_000

/** A page of the log; of a sparse one only what concerns somebody is there. */
export interface LogPage {
  readonly after: number
  /** What it tells is told up to here. */
  readonly upTo: number
  readonly entries: readonly LogEntry[]
  /** The types of the entries, as they are stored. */
  readonly types: ReadonlySet<string>
  /** How many events were read for it. */
  readonly count: number
  /** Only what concerns somebody was asked for. */
  readonly isFiltered: boolean
  /** Nothing came after it when it was read. */
  readonly isLast: boolean
}

/** Somebody who reads: he stands at a position. */
export interface PageReader {
  readonly position: number
}

/** A page that was read, or is being read. */
interface Kept {
  readonly filter: string
  readonly after: number
  /** Up to here it reaches at least if it is not the last one; exactly, once it was read. */
  upTo: number
  /** Entries; 0 while they are not there. */
  count: number
  readonly page: Promise<LogPage>
}

/** What of the log is read: all of it, or what is of some types only, and of those what is of a stream, of some categories or has all of some tags. */
export interface LogFilter {
  readonly types?: readonly string[]
  readonly stream?: string
  readonly category?: string | readonly string[]
  readonly tags?: readonly string[]
}

/**
 * The log page by page, for all subscriptions of a process that are behind: those that stand near each other read and decode a page once.
 *
 * A page is kept while somebody else is on the way to it. Nobody waits for anybody: one that is too slow for the pages that are kept reads
 * its own, and keeps them for others.
 */
export class LogPages {
  private kept: Kept[] = []
  private readonly readers = new Set<PageReader>()
  private readonly sizes = new Map<string, PageSize>()

  constructor(
    private readonly store: EventStore,
    private readonly types: EventTypes,
    /** Types that anyone wants, as they are stored. */
    private readonly wanted: ReadonlySet<string>,
    private readonly sawHead: (position: number) => void,
  ) {}

  /** How many entries are kept for those who come later: never more than so many pages have. */
  get countOfKept(): number {
    return this.kept.reduce((sum, { count }) => sum + count, 0)
  }

  /** Somebody begins to read. */
  open(reader: PageReader): void {
    this.readers.add(reader)
  }

  close(reader: PageReader): void {
    this.readers.delete(reader)
    this.dropPassed()
    if (this.readers.size === 0) this.sizes.clear()
  }

  /** To be called when a reader has come further: what nobody is on the way to any more is dropped. */
  dropPassed(): void {
    this.kept = this.kept.filter(({ after, upTo }) => {
      for (const { position } of this.readers) if (position < upTo && position >= after - NEAR) return true
      return false
    })
  }

  /**
   * The page in which one stands who has come so far: it may begin before.
   *
   * @throws what the store throws
   */
  async at(position: number, filter: LogFilter): Promise<LogPage> {
    const key = filter.types ? JSON.stringify(filter) : ''
    for (;;) {
      const page = await (this.find(position, key) ?? this.read(position, filter, key)).page
      // One that was under way may turn out to be the log's last, and to end before.
      if (page.upTo > position || page.after === position) return page
    }
  }

  private find(position: number, filter: string): Kept | undefined {
    const index = this.kept.findIndex((one) => one.filter === filter && one.after <= position && position < one.upTo)
    if (index < 0) return undefined
    const [found] = this.kept.splice(index, 1)
    this.kept.push(found!)
    return found
  }

  private read(after: number, filter: LogFilter, key: string): Kept {
    const size = this.sizeOf(key)
    const page = filter.types ? this.readConcerning(after, filter, size) : this.readAll(after, size)
    const kept = { filter: key, after, upTo: after + size.current, count: 0, page }
    this.kept.push(kept)
    if (this.kept.length > MOST_KEPT) this.kept.shift()
    page.then(
      ({ upTo, entries }) => {
        kept.upTo = upTo
        kept.count = entries.length
      },
      () => {
        this.kept = this.kept.filter((one) => one !== kept)
      },
    )
    return kept
  }

  private sizeOf(filter: string): PageSize {
    const size = this.sizes.get(filter) ?? new PageSize()
    this.sizes.set(filter, size)
    return size
  }

  private async readAll(after: number, pageSize: PageSize): Promise<LogPage> {
    const size = pageSize.current
    const stored = await this.collect({ after, limit: size, pageSize: size })
    pageSize.measure(stored)
    const end = stored.at(-1)?.position ?? after
    const upTo = stored.length < size ? await endOfLog(this.store, end) : end
    this.sawHead(upTo ?? end)
    const isLast = stored.length < size && upTo !== undefined
    return { ...this.entriesOf(stored), after, upTo: upTo ?? end, isLast, isFiltered: false }
  }

  // The head is asked for first: what is appended later is not covered by what this read finds.
  private async readConcerning(after: number, { types, tags, ...where }: LogFilter, pageSize: PageSize): Promise<LogPage> {
    const size = pageSize.current
    const { position: head } = await this.store.head()
    this.sawHead(head)
    const query = { items: [{ ...(types && { types }), ...(tags && { tags }) }] }
    const stored = await this.collect({ after, upTo: head, query, ...where, limit: size, pageSize: size })
    pageSize.measure(stored)
    const isLast = stored.length < size
    const upTo = isLast ? Math.max(after, head) : stored.at(-1)!.position
    return { ...this.entriesOf(stored), after, upTo, isLast, isFiltered: true }
  }

  private entriesOf(stored: readonly StoredEvent[]): Pick<LogPage, 'entries' | 'types' | 'count'> {
    const types = new Set<string>()
    const entries: LogEntry[] = []
    for (const event of stored) {
      if (!this.wanted.has(event.type)) continue
      types.add(event.type)
      entries.push(new LogEntry(event, this.types))
    }
    return { entries, types, count: stored.length }
  }

  private async collect(options: Parameters<EventStore['readAll']>[0]): Promise<readonly StoredEvent[]> {
    let collected: readonly StoredEvent[] = []
    for await (const page of this.store.readAll(options)) collected = collected.length === 0 ? page : [...collected, ...page]
    return collected
  }
}
