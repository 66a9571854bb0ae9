import type { EventStore, EventTypes, StoredEvent } from '@writ/event-store'
import { endOfLog } from './end-of-log.js'
import { LogEntry, type Portion } from './log-entry.js'
import { PageSize } from './page-size.js'

/** When less than this part of the log concerns a subscription, the store is asked for that part alone. */
const SPARSE = 0.25
const DENSE = 0.5

interface Page {
  readonly after: number
  readonly stored: readonly StoredEvent[]
  readonly upTo: number
  readonly isLast: boolean
  readonly isFiltered: boolean
}

/** Reads the log for one subscription that is behind: page after page, the next one while this one is handled. */
export class CatchUp {
  private readonly size = new PageSize()
  private isSparse = false
  private ahead: Promise<Page> | undefined

  constructor(
    private readonly store: EventStore,
    private readonly types: EventTypes,
    /** Types as they are stored. */
    private readonly wanted: ReadonlySet<string>,
    private position: number,
    private readonly sawHead: (position: number) => void,
  ) {}

  /**
   * The next portion; `isAtHead` when nothing came after it.
   *
   * @throws what the store throws; ask a new one from where this one has come to.
   */
  async next(): Promise<Portion & { readonly isAtHead: boolean }> {
    const page = await (this.ahead ?? this.read(this.position))
    this.size.measure(page.stored)
    const concerning = page.isFiltered ? page.stored : page.stored.filter(({ type }) => this.wanted.has(type))
    this.learnDensity(page, concerning.length)
    this.position = page.upTo
    this.ahead = page.isLast ? undefined : this.read(page.upTo)
    return { entries: concerning.map((stored) => new LogEntry(stored, this.types)), upTo: page.upTo, isAtHead: page.isLast }
  }

  private learnDensity({ after, upTo, stored, isLast, isFiltered }: Page, concerning: number): void {
    if (isLast) return
    const density = concerning / (isFiltered ? upTo - after : stored.length)
    this.isSparse = density < (this.isSparse ? DENSE : SPARSE)
  }

  private read(after: number): Promise<Page> {
    const page = this.isSparse ? this.readConcerning(after) : this.readAll(after)
    // It may fail, or be of no use any more, while nobody waits for it.
    page.catch(() => 'told to whoever asks for it')
    return page
  }

  private async readAll(after: number): Promise<Page> {
    const size = this.size.current
    const stored = await this.collect({ after, limit: size, pageSize: size })
    const end = stored.at(-1)?.position ?? after
    const upTo = stored.length < size ? await endOfLog(this.store, end) : end
    this.sawHead(upTo ?? end)
    return { after, stored, upTo: upTo ?? end, isLast: stored.length < size && upTo !== undefined, isFiltered: false }
  }

  // The head is asked for first: what is appended later is not covered by what this read finds.
  private async readConcerning(after: number): Promise<Page> {
    const size = this.size.current
    const { position: head } = await this.store.head()
    this.sawHead(head)
    const query = { items: [{ types: [...this.wanted] }] }
    const stored = await this.collect({ after, upTo: head, query, limit: size, pageSize: size })
    const isLast = stored.length < size
    return { after, stored, upTo: isLast ? Math.max(after, head) : stored.at(-1)!.position, isLast, isFiltered: true }
  }

  private async collect(options: Parameters<EventStore['readAll']>[0]): Promise<readonly StoredEvent[]> {
    let collected: readonly StoredEvent[] = []
    for await (const page of this.store.readAll(options)) collected = collected.length === 0 ? page : [...collected, ...page]
    return collected
  }
}
