import type { EventQuery, LogRead, StoredEvent } from '@writ/event-store'
import type { Runs, Statement, Values } from '../connections.js'
import { BETWEEN, WITHIN } from '../schema/append-functions.js'
import type { SchemaName } from '../schema/schema-name.js'
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
  /** Whether the categories have so few events that all of them can be looked up for each page. */
  readonly isSmall: boolean
}

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
  private readonly survey: Statement
  private surveyed: Promise<Surveyed> | undefined

  constructor(
    private readonly connections: Runs,
    { quoted, statementPrefix }: SchemaName,
    private readonly search: Omit<Search, 'after' | 'upTo'>,
  ) {
    this.matching = {
      name: `${statementPrefix}read_matching`,
      text: `select * from ${quoted}.read_matching($1, $2, string_to_array($3, e'\\x1f'), $4, $5, $6, $7, $8, $9)`,
    }
    this.filtered = {
      name: `${statementPrefix}read_filtered`,
      text: `select * from ${quoted}.read_filtered(string_to_array($1, e'\\x1f'), $2, $3, $4, $5, $6, $7, $8)`,
    }
    this.ofStreams = {
      name: `${statementPrefix}read_of_streams`,
      text: `select * from ${quoted}.read_of_streams(string_to_array($1, e'\\x1f'), $2, $3, string_to_array($4, e'\\x1f'), $5, $6, $7, $8, $9, $10)`,
    }
    this.survey = {
      name: `${statementPrefix}survey`,
      text: `select head, is_small from ${quoted}.survey(string_to_array($1, e'\\x1f'))`,
    }
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

    this.surveyed ??= this.lookAround(joined)
    const { head, isSmall } = await this.surveyed
    const byStreams = isSmall && query === undefined
    const end = Math.min(upTo, head)
    const low = isBackwards && !byStreams ? Math.max(after, end - WINDOW) : after
    const high = isBackwards || byStreams ? end : Math.min(end, after + WINDOW)
    if (low >= high) return { page: [], searchedTo: undefined }
    const page = query
      ? await matching(query, low, high)
      : await this.read(this.filtered, [joined, correlationId, byStreams, low, high, limit, isBackwards, barrier], limit)
    if (isBackwards) return found(page, limit, low === after ? undefined : low + 1)
    return found(page, limit, high === end ? undefined : high)
  }

  private async lookAround(categories: string | null): Promise<Surveyed> {
    const [row] = await this.connections.read('read the log', this.survey, [categories])
    return { head: Number(row![0]), isSmall: row![1] === 't' }
  }

  private async read(statement: Statement, values: Values, atMost: number): Promise<Page> {
    return atMost > FEW
      ? this.connections.readMany('read the log', statement, values, storedEvent)
      : (await this.connections.read('read the log', statement, values)).map(storedEvent)
  }
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
