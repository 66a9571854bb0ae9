import type { EventQuery, LogRead, StoredEvent } from '@writ/event-store'
import type { Runs, Statement, Values } from '../connections.js'
import { BETWEEN, WITHIN } from '../schema/append-functions.js'
import type { SchemaName } from '../schema/schema-name.js'
import { MOST_LOOKED_UP } from '../schema/search-functions.js'
import { readAtStatement } from './read-at.js'
import { storedEvent } from './stored-row.js'

/** A log that must be looked through is, so many positions a statement: none takes long, however few events are found. */
const WINDOW = 100_000
/** Most reads end within so many events. What does not is long, and is fetched in another way. */
export const FEW = 100

type Page = readonly StoredEvent[]

export interface Found {
  readonly page: Page
  /** The place up to which, in the direction of the read, everything was found; undefined for the end of the log. */
  readonly searchedTo: number | undefined
}

/** What is found out before a log is looked through. */
interface Surveyed {
  /** Where the log ended when the read began. */
  readonly head: number
  /** How many events the categories have; undefined where they are many. */
  readonly events: number | undefined
  /** Where those of the read stand, in the order of the log; undefined where the log is looked through. */
  readonly positions: readonly number[] | undefined
}

/** So many events of a category are looked up before it is known whether the first part of the log has enough of them. */
const TOLD_AT_ONCE = 3_000

/** A part of the log that is read, narrowed down. */
export type Search = Pick<LogRead, 'query' | 'stream' | 'category' | 'correlationId' | 'after' | 'upTo' | 'direction' | 'durable'>

export function isSearch({
  query,
  stream,
  category,
  correlationId,
}: Omit<Search, 'after' | 'upTo' | 'direction' | 'durable'>): boolean {
  return query !== undefined || stream !== undefined || category !== undefined || correlationId !== undefined
}

/** Finds events by query, stream, category and correlation. */
export class LogSearch {
  private readonly matching: Statement
  private readonly filtered: Statement
  private readonly ofStreams: Statement
  private readonly surveyStatement: Statement
  private readonly readAt: Statement
  private surveyed: Surveyed | undefined

  constructor(
    private readonly connections: Runs,
    schema: SchemaName,
    private readonly search: Omit<Search, 'after' | 'upTo'>,
  ) {
    const { quoted, statementPrefix } = schema
    this.matching = {
      name: `${statementPrefix}read_matching`,
      text: `select * from ${quoted}.read_matching($1, $2, string_to_array($3, e'\\x1f'), $4, $5, $6, $7, $8, $9)`,
    }
    this.filtered = {
      name: `${statementPrefix}read_filtered`,
      text: `select * from ${quoted}.read_filtered(string_to_array($1, e'\\x1f'), $2, $3, $4, $5, $6, $7)`,
    }
    this.ofStreams = {
      name: `${statementPrefix}read_of_streams`,
      text: `select * from ${quoted}.read_of_streams(string_to_array($1, e'\\x1f'), $2, $3, string_to_array($4, e'\\x1f'), $5, $6, $7, $8, $9, $10)`,
    }
    this.surveyStatement = {
      name: `${statementPrefix}survey`,
      text: `select head, events, positions from ${quoted}.survey(string_to_array($1, e'\\x1f'), $2, $3, $4, $5)`,
    }
    this.readAt = readAtStatement(schema)
  }

  /**
   * The next of what was found between two positions.
   *
   * @param flushed a position up to which everything is known to be flushed; what lies beyond is flushed before it is given out
   */
  async page(after: number, upTo: number, limit: number, flushed: number): Promise<Found> {
    const { query, stream, category, correlationId = null, direction, durable } = this.search
    const isBackwards = direction === 'backwards'
    const joined = category?.join(BETWEEN) ?? null
    const barrier = durable ? flushed : null
    const matching = (given: EventQuery, low: number, high: number) =>
      this.read(this.matching, [...itemsOf(given), joined, correlationId, low, high, limit, isBackwards, barrier], limit)
    if (stream) {
      const items = query ? itemsOf(query) : [null, null]
      const values = [stream.join(BETWEEN), ...items, joined, correlationId, after, upTo, limit, isBackwards, barrier]
      return found(await this.read(this.ofStreams, values, limit), limit, undefined)
    }
    if (query && joined === null && correlationId === null) return found(await matching(query, after, upTo), limit, undefined)

    const { head, events, positions } = await this.survey(query ? null : joined, after, upTo)
    if (positions) return this.pageAt(positions, after, upTo, limit, barrier)
    const end = Math.min(upTo, head)
    // Those of a category may stand together far away: where the first part of the log has not enough of them, they are looked up.
    const window = events === undefined ? WINDOW : Math.min(WINDOW, Math.ceil((4 * limit * (end - after)) / events))
    const low = isBackwards ? Math.max(after, end - window) : after
    const high = isBackwards ? end : Math.min(end, after + window)
    if (low >= high) return { page: [], searchedTo: undefined }
    const page = query
      ? await matching(query, low, high)
      : await this.read(this.filtered, [joined, correlationId, low, high, limit, isBackwards, barrier], limit)
    if (isBackwards) return found(page, limit, low === after ? undefined : low + 1)
    return found(page, limit, high === end ? undefined : high)
  }

  /** Once for a read; a second time where its first page was looked for in vain, or was not all. */
  private async survey(categories: string | null, after: number, upTo: number): Promise<Surveyed> {
    const { surveyed } = this
    if (surveyed?.positions || (surveyed && surveyed.events === undefined)) return surveyed
    const [till, told] = surveyed ? [Math.min(upTo, surveyed.head), MOST_LOOKED_UP] : [upTo, TOLD_AT_ONCE]
    const found = await this.lookAround([categories, this.search.correlationId ?? null, after, till, told])
    this.surveyed = surveyed ? { ...found, head: surveyed.head } : found
    return this.surveyed
  }

  private async lookAround(values: Values): Promise<Surveyed> {
    const [row] = await this.connections.read('read the log', this.surveyStatement, values)
    const [head, events, joined] = row!
    const positions = joined === '' ? [] : joined?.split(',').map(Number)
    return { head: Number(head), events: events === null ? undefined : Number(events), positions }
  }

  /** Events may have been taken out meanwhile: a page is as long as there are. */
  private async pageAt(
    positions: readonly number[],
    after: number,
    upTo: number,
    limit: number,
    barrier: number | null,
  ): Promise<Found> {
    const left = positions.slice(countUpTo(positions, after), countUpTo(positions, upTo))
    const asked = this.search.direction === 'backwards' ? left.slice(-limit).reverse() : left.slice(0, limit)
    if (asked.length === 0) return { page: [], searchedTo: undefined }
    const page = await this.read(this.readAt, [asked.join(), barrier], asked.length)
    return { page, searchedTo: asked.length < left.length ? asked.at(-1) : undefined }
  }

  private async read(statement: Statement, values: Values, atMost: number): Promise<Page> {
    return atMost > FEW
      ? this.connections.readMany('read the log', statement, values, storedEvent)
      : (await this.connections.read('read the log', statement, values)).map(storedEvent)
  }
}

/** How many of ascending positions lie at one or before it. */
function countUpTo(positions: readonly number[], position: number): number {
  let low = 0
  for (let high = positions.length; low < high; ) {
    const middle = (low + high) >>> 1
    if (positions[middle]! <= position) low = middle + 1
    else high = middle
  }
  return low
}

/** A full page has been searched up to its last event, one that is not up to the end of what was asked for. */
export function found(page: Page, limit: number, end: number | undefined): Found {
  return { page, searchedTo: page.length === limit ? page.at(-1)!.position : end }
}

/** The tags and the types of each item, as the function takes them. */
function itemsOf({ items }: EventQuery): [string, string] {
  const joined = (names: (item: EventQuery['items'][number]) => readonly string[] | undefined) =>
    items.map((item) => names(item)?.join(WITHIN) ?? '').join(BETWEEN)
  return [joined(({ tags }) => tags), joined(({ types }) => types)]
}
