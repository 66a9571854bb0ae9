import {
  type EventStore,
  type Head,
  logRead,
  type ReadAllOptions,
  type ReadStreamOptions,
  type StoredEvent,
  streamRead,
} from '@writ/event-store'
import type { BranchStreams } from './branch-streams.js'
import type { Past, StreamEnd } from './past.js'
import type { Translation } from './translation.js'

export type Pages = AsyncGenerator<readonly StoredEvent[], void, undefined>

export interface ReadsOfBranch {
  /** The store of what the branch itself has. */
  readonly own: EventStore
  readonly streams: BranchStreams
  readonly translation: Translation
  readonly past: () => Past
}

/** Shows the past and the branch's own events as one log. */
export class BranchReads {
  constructor(private readonly branch: ReadsOfBranch) {}

  async *readStream(stream: string, options?: ReadStreamOptions): Pages {
    const { own, past, streams } = this.branch
    const read = streamRead(stream, options)
    const { direction, limit, pageSize, durable } = read
    let { fromVersion: from, toVersion: upTo } = read
    if (limit === 0 || from > upTo) return
    const end = await past().endOf(stream)
    const { version = 0 } = (await own.streams.info(stream)) ?? {}
    upTo = Math.min(upTo, end.version + version)
    for (let remaining = limit; remaining > 0; ) {
      // Between two pages the books may be closed, or the stream deleted.
      from = Math.max(from, await streams.readFrom(stream))
      if (from > upTo) return
      const size = Math.min(pageSize, remaining)
      const first = direction === 'forwards' ? from : Math.max(from, upTo - size + 1)
      const last = direction === 'forwards' ? Math.min(upTo, from + size - 1) : upTo
      const page = await this.versions(stream, { first, last, end, durable })
      if (direction === 'forwards') from = last + 1
      else upTo = first - 1
      remaining -= page.length
      if (page.length > 0) yield direction === 'forwards' ? page : page.reverse()
    }
  }

  async *readAll(options?: ReadAllOptions): Pages {
    const read = logRead(options)
    const past = this.branch.past()
    const at = past.position
    const ownRead = { ...read, after: Math.max(read.after - at, 0), upTo: Math.max(read.upTo - at, 0) }
    const ofThePast = (limit: number) => (read.after >= at ? none() : past.readAll({ ...read, limit }))
    yield* inTurn(read, ofThePast, () => this.ownLog({ ...ownRead, limit: Number.MAX_SAFE_INTEGER }))
  }

  async findEvents(ids: readonly string[]): Promise<readonly StoredEvent[]> {
    const { own, past, translation } = this.branch
    const found = await own.findEvents(ids)
    return [...(await past().findEvents(ids)), ...(await translation.written(found))]
  }

  async head(): Promise<Head> {
    const { position, incarnation } = await this.branch.own.head()
    return { position: this.branch.past().position + position, incarnation }
  }

  /** A stream's events from one version to another, wherever they stand. */
  private async versions(
    stream: string,
    { first, last, end, durable }: { first: number; last: number; end: StreamEnd; durable: boolean },
  ): Promise<StoredEvent[]> {
    const { own, past, translation } = this.branch
    const found: StoredEvent[] = []
    if (first <= end.version) {
      const upTo = Math.min(last, end.version)
      const pages = past().readStream(stream, { fromVersion: first, toVersion: upTo, limit: upTo - first + 1, durable })
      for await (const page of pages) found.push(...page)
    }
    if (last > end.version) {
      const range = { fromVersion: Math.max(first - end.version, 1), toVersion: last - end.version }
      for await (const page of own.readStream(stream, range)) found.push(...(await translation.readable(page)))
    }
    return found
  }

  private async *ownLog(read: ReadAllOptions): Pages {
    const { own, translation } = this.branch
    for await (const page of own.readAll(read)) yield translation.inTheLog(page)
  }
}

/** Two parts that follow each other in the log, read in either direction, up to a limit in all. */
async function* inTurn(
  { direction, limit }: { readonly direction: 'forwards' | 'backwards'; readonly limit: number },
  past: (limit: number) => Pages,
  own: () => Pages,
): Pages {
  let remaining = limit
  for (const part of direction === 'forwards' ? [past, own] : [own, past]) {
    if (remaining === 0) return
    for await (const events of part(remaining)) {
      const page = events.slice(0, remaining)
      remaining -= page.length
      if (page.length > 0) yield page
      if (remaining === 0) break
    }
  }
}

async function* none(): Pages {}
