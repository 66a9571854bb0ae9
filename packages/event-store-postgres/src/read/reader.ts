import {
  checkIds,
  deletedError,
  followed,
  hasCode,
  LINK_TYPE,
  linkTarget,
  logRead,
  type ReadAllOptions,
  type ReadStreamOptions,
  type StoredEvent,
  type StreamDeletedError,
  streamRead,
} from '@writ/event-store'
import { uuidArray } from '../append/binary-array.js'
import type { Runs, Statement, Values } from '../connections.js'
import type { RewindGuard } from '../rewind-guard.js'
import type { SchemaName } from '../schema/schema-name.js'
import type { DurableMark } from './durable-mark.js'
import { FEW, type Found, found, isSearch, LogSearch } from './log-search.js'
import { readAtStatement } from './read-at.js'
import { storedEvent } from './stored-row.js'

const MAX_INTEGER = 2_147_483_647

type Page = readonly StoredEvent[]
type Pages = AsyncGenerator<Page, void, undefined>

/** Reads the log in keyset pages: each is a statement of its own, and no connection is held between them. */
export class Reader {
  private readonly log: Statement
  private readonly stream: Statement
  private readonly linked: Statement
  private readonly byIds: Statement
  private readonly flush: Statement

  constructor(
    private readonly connections: Runs,
    private readonly schema: SchemaName,
    private readonly mark: DurableMark,
    private readonly guard: RewindGuard,
  ) {
    const { quoted, statementPrefix } = schema
    this.log = { name: `${statementPrefix}read_log`, text: `select * from ${quoted}.read_log($1, $2, $3, $4, $5)` }
    this.stream = { name: `${statementPrefix}read_stream`, text: `select * from ${quoted}.read_stream($1, $2, $3, $4, $5, $6)` }
    this.linked = readAtStatement(schema)
    this.byIds = { name: `${statementPrefix}find_events`, text: `select * from ${quoted}.find_events($1, $2)` }
    this.flush = { name: `${statementPrefix}flush`, text: `select ${quoted}.flush()` }
  }

  readStream(name: string, options: ReadStreamOptions | undefined): Pages {
    const { fromVersion, toVersion, direction, limit, pageSize, durable } = streamRead(name, options)
    const isBackwards = direction === 'backwards'
    let from = Math.min(fromVersion, MAX_INTEGER)
    let upTo = Math.min(toVersion, MAX_INTEGER)
    return pages(limit, pageSize, async (size) => {
      if (from > upTo) return nothing
      const records = await this.records(name, from, upTo, size, isBackwards, durable)
      const last = records.at(-1)
      if (isBackwards) upTo = (last?.version ?? 0) - 1
      else from = (last?.version ?? MAX_INTEGER) + 1
      return { page: await this.followLinks(records), isLast: records.length < size }
    })
  }

  /** Some events of one stream, as they are visible now; undefined where one of these versions is not read any more. */
  async missed(stream: string, from: number, upTo: number): Promise<Page | undefined> {
    const count = upTo - from + 1
    const records = await this.records(stream, from, upTo, count, false, false)
    return records.length === count ? this.followLinks(records) : undefined
  }

  /** Why a deleted stream can't be read; undefined for one that can. */
  async deletion(stream: string): Promise<StreamDeletedError | undefined> {
    try {
      await this.records(stream, 1, 1, 1, false, false)
      return undefined
    } catch (error) {
      if (hasCode<StreamDeletedError>(error, 'stream-deleted')) return error
      throw error
    }
  }

  /** A part of what a stream holds; of a deleted one that is its tombstone, whatever is asked for. */
  private async records(
    stream: string,
    from: number,
    upTo: number,
    limit: number,
    isBackwards: boolean,
    durable: boolean,
  ): Promise<Page> {
    const values = [stream, from, upTo, limit, isBackwards, durable]
    const records = await this.page('read a stream', this.stream, values, limit)
    const deleted = records.length === 1 && deletedError(records[0]!)
    if (deleted) throw deleted
    return records
  }

  /** Puts events in the place of the links to them: one more read, for pages that have any. */
  private async followLinks(records: Page): Promise<Page> {
    const positions = records.flatMap((record) => (record.type === LINK_TYPE ? [linkTarget(record)!.position] : []))
    if (positions.length === 0) return records
    const rows = await this.connections.read('read a stream', this.linked, [positions.join(), null])
    const found = new Map(rows.map(storedEvent).map((event) => [event.position, event]))
    return records.flatMap((record) => {
      const event = record.type === LINK_TYPE ? followed(record, found.get(linkTarget(record)!.position)) : record
      return event ? [event] : []
    })
  }

  async find(ids: readonly string[]): Promise<Page> {
    checkIds(ids)
    const rows = await this.connections.read('find events', this.byIds, [uuidArray(ids), this.mark.position])
    const page = rows.map(storedEvent)
    this.noteFlushed(page)
    return page
  }

  readAll(options: ReadAllOptions | undefined): Pages {
    const read = logRead(options)
    const { direction, limit, pageSize, durable } = read
    const isBackwards = direction === 'backwards'
    let { after, upTo } = read
    const search = isSearch(read) ? new LogSearch(this.connections, this.schema, read) : undefined
    return pages(limit, pageSize, async (size) => {
      if (after >= upTo) return nothing
      const { page, searchedTo } = search
        ? await search.page(after, upTo, size, this.mark.position)
        : await this.pageOfLog(after, upTo, size, isBackwards, durable)
      if (search && durable) this.noteFlushed(page)
      if (searchedTo === undefined) return { page, isLast: true }
      if (isBackwards) upTo = searchedTo - 1
      else after = searchedTo
      return { page, isLast: false }
    })
  }

  private async pageOfLog(after: number, upTo: number, size: number, isBackwards: boolean, durable: boolean): Promise<Found> {
    // What lies below the mark is flushed already; the barrier would wait for what others write just now.
    const isBelowMark = (isBackwards ? upTo : Math.min(upTo, after + size)) <= this.mark.position
    const barrier = durable && !isBelowMark
    const page = await this.page('read the log', this.log, [after, upTo, size, isBackwards, barrier], size)
    if (durable) await this.makeDurable(page, barrier)
    return found(page, size, undefined)
  }

  private async page(operation: string, statement: Statement, values: Values, atMost: number): Promise<Page> {
    return atMost > FEW
      ? this.connections.readMany(operation, statement, values, storedEvent)
      : (await this.connections.read(operation, statement, values)).map(storedEvent)
  }

  private async makeDurable(page: Page, isDone: boolean): Promise<void> {
    const highest = highestOf(page)
    if (highest === undefined || highest.position <= this.mark.position) return
    if (!isDone) await this.connections.read('read the log', this.flush, [])
    this.noteFlushed(page)
  }

  private noteFlushed(page: Page): void {
    const highest = highestOf(page)
    if (highest === undefined || highest.position <= this.mark.position) return
    this.mark.raise(highest.position)
    this.guard.note(highest.position, highest.id)
  }
}

function highestOf(page: Page): StoredEvent | undefined {
  const [first, last] = [page[0], page.at(-1)]
  return first && first.position > last!.position ? first : last
}

/** What a fetch gives: fewer events than were asked for, or none, where links lead nowhere or a part of the log holds none. */
interface Fetched {
  readonly page: Page
  readonly isLast: boolean
}

const nothing: Fetched = { page: [], isLast: true }

/**
 * Pages until one is not full or the limit is reached, the first of them small unless it is all that was asked for. The next one is
 * fetched while the consumer works on this one.
 */
async function* pages(limit: number, pageSize: number, fetch: (size: number) => Promise<Fetched>): Pages {
  let remaining = limit
  let size = limit <= pageSize ? limit : Math.min(FEW, pageSize)
  let coming = size > 0 ? fetch(size) : undefined
  while (coming) {
    const { page, isLast } = await coming
    remaining -= page.length
    size = Math.min(pageSize, remaining)
    coming = !isLast && size > 0 ? fetch(size) : undefined
    // A consumer that stops here never looks at it.
    coming?.catch(() => {})
    if (page.length > 0) yield page
  }
}
