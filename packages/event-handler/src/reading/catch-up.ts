import { type EventFilter, passesFilter, storedFilter } from '../definition/event-filter.js'
import type { Portion } from './log-entry.js'
import type { LogFilter, LogPage, LogPages, PageReader } from './log-pages.js'

/** When less than this part of the log concerns a subscription, the store is asked for that part alone. */
const SPARSE = 0.25
const DENSE = 0.5

/** Takes one subscription that is behind along the log: page after page, the next one while this one is handled. */
export class CatchUp implements PageReader {
  /** How far it has read. */
  position: number
  private readonly sparse: LogFilter
  private isSparse = false
  private ahead: Promise<LogPage> | undefined

  constructor(
    private readonly pages: LogPages,
    /** Types as they are stored. */
    private readonly wanted: ReadonlySet<string>,
    position: number,
    /** What besides types decides which events concern it. */
    private readonly filter?: EventFilter,
  ) {
    this.position = position
    this.sparse = { types: [...wanted], ...storedFilter(filter) }
    pages.open(this)
  }

  /** To be called when it is not needed any more. */
  close(): void {
    this.pages.close(this)
  }

  /**
   * The next portion; `isAtHead` when nothing came after it.
   *
   * @throws what the store throws; it may be asked again
   */
  async next(): Promise<Portion & { readonly isAtHead: boolean }> {
    const { ahead, position } = this
    this.ahead = undefined
    const page = await (ahead ?? this.read(position))
    const { filter } = this
    const ofTypes = this.concerning(page)
    const entries = filter ? ofTypes.filter((entry) => passesFilter(filter, entry)) : ofTypes
    this.learnDensity(page, entries.length)
    this.position = page.upTo
    this.pages.dropPassed()
    if (!page.isLast) this.ahead = this.read(page.upTo)
    return { entries, upTo: page.upTo, isAtHead: page.isLast }
  }

  /** What of a page concerns the subscription: it may stand in its middle. Where all of it does, or nothing, nothing is done per event. */
  private concerning({ after, entries, types }: LogPage): Portion['entries'] {
    const { position, wanted } = this
    const concerning = [...types].filter((type) => wanted.has(type))
    if (concerning.length === 0) return []
    if (concerning.length === types.size)
      return after === position ? entries : entries.filter((entry) => entry.position > position)
    return entries.filter((entry) => entry.position > position && wanted.has(entry.type))
  }

  private learnDensity({ after, upTo, count, isLast, isFiltered }: LogPage, concerning: number): void {
    if (isLast || after !== this.position) return
    const density = concerning / (isFiltered ? upTo - after : count)
    this.isSparse = density < (this.isSparse ? DENSE : SPARSE)
  }

  private read(after: number): Promise<LogPage> {
    const page = this.pages.at(after, this.isSparse ? this.sparse : {})
    // It may fail, or be of no use any more, while nobody waits for it.
    page.catch(() => 'told to whoever asks for it')
    return page
  }
}
