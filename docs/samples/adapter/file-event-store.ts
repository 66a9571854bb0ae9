import { randomUUID } from 'node:crypto'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import {
  type Append,
  type Appended,
  CapabilityMissingError,
  type Checkpoints,
  checkIds,
  type EventStore,
  type Head,
  LINK_TYPE,
  lacking,
  type ParkedEvents,
  type ProjectionVersions,
  type ReadAllOptions,
  type ReadStreamOptions,
  type Receipts,
  type Snapshots,
  type StoredEvent,
  StoreNotRunningError,
  StoreUnavailableError,
  type Streams,
} from '@writ/event-store'
import { answerToAppend } from './answer-to-append.js'
import { logPages, streamPages } from './pages.js'

// #region shape
/** Keeps events in a file, one line for each append, and all of them in memory besides: for one process at a time. */
export class FileEventStore implements EventStore {
  readonly adapter = 'file'
  readonly checkpoints = lacking<Checkpoints>('file', 'checkpoints')
  readonly parked = lacking<ParkedEvents>('file', 'checkpoints')
  readonly projections = lacking<ProjectionVersions>('file', 'projection versions')
  readonly receipts = lacking<Receipts>('file', 'receipts')
  readonly snapshots = lacking<Snapshots>('file', 'snapshots')
  readonly streams = lacking<Streams>('file', 'deletes and truncation')
  private readonly listeners = new Set<() => void>()
  private events: StoredEvent[] = []
  private incarnation = ''
  private file: FileHandle | undefined
  private written: Promise<unknown> = Promise.resolve()

  constructor(private readonly path: string) {}
  // #endregion

  // #region start
  async start(): Promise<void> {
    if (this.file) return
    this.file = await open(this.path, 'a+')
    const text = await readFile(this.path, 'utf8')
    // A line without its end is what a crash cut off: nobody was told that it is stored.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    await this.file.truncate(Buffer.byteLength(whole))
    const [first, ...lines] = whole.split('\n').slice(0, -1)
    this.incarnation = first ?? randomUUID()
    if (first === undefined) await this.write(this.file, this.incarnation)
    this.events = lines.flatMap((line) => (JSON.parse(line) as StoredEvent[]).map(withDate))
  }

  async stop(): Promise<void> {
    const { file } = this
    this.file = undefined
    await this.written
    await file?.close()
  }
  // #endregion

  // #region append
  async append(append: Append): Promise<Appended> {
    const file = this.running('append')
    refuseWhatItLacks(append)
    // One after another: what is decided on a version must be written before the next one looks at it.
    return this.oneAfterAnother(async () => {
      const { appended, events } = answerToAppend(this.events, append)
      if (events.length === 0) return appended
      await this.write(file, JSON.stringify(events))
      this.events.push(...events)
      this.wakeUp()
      return appended
    })
  }

  private oneAfterAnother<T>(work: () => Promise<T>): Promise<T> {
    const done = this.written.then(work)
    this.written = done.catch(() => {})
    return done
  }

  private async write(file: FileHandle, line: string): Promise<void> {
    try {
      await file.appendFile(`${line}\n`)
      // Acknowledged means durable.
      await file.datasync()
    } catch (error) {
      // Half a line may be there: nothing may be written behind it before the next start has cut it off.
      this.file = undefined
      throw new StoreUnavailableError(this.adapter, 'append', true, error)
    }
  }
  // #endregion

  // #region read
  async *readStream(stream: string, options?: ReadStreamOptions): AsyncGenerator<readonly StoredEvent[]> {
    this.running('read a stream')
    yield* streamPages(this.events, stream, options)
  }

  async *readAll(options?: ReadAllOptions): AsyncGenerator<readonly StoredEvent[]> {
    this.running('read the log')
    const { query, stream, category, correlationId } = options ?? {}
    if (query ?? stream ?? category ?? correlationId)
      throw new CapabilityMissingError('file', 'queries', 'Use a store that has them.')
    yield* logPages(this.events, options)
  }

  async findEvents(ids: readonly string[]): Promise<readonly StoredEvent[]> {
    this.running('find events')
    checkIds(ids)
    return this.events.filter(({ id }) => ids.includes(id))
  }

  async head(): Promise<Head> {
    this.running('head')
    return { position: this.events.length, incarnation: this.incarnation }
  }

  onAppended(listener: () => void): () => void {
    const own = () => listener()
    this.listeners.add(own)
    return () => this.listeners.delete(own)
  }

  private wakeUp(): void {
    for (const listener of [...this.listeners]) {
      try {
        listener()
      } catch {
        // One broken listener must not keep the others from being told, nor fail the append.
      }
    }
  }
  // #endregion

  onSteered(): () => void {
    return () => {}
  }

  onRewound(): () => void {
    return () => {}
  }

  // #region lacking
  async appendAll(): Promise<never> {
    throw new CapabilityMissingError('file', 'appends to several streams', 'Use a store that has them.')
  }

  async transaction(): Promise<never> {
    throw new CapabilityMissingError('file', 'transactions', 'Use a store that has them.')
  }
  // #endregion

  private running(operation: string): FileHandle {
    if (!this.file) throw new StoreNotRunningError(this.adapter, operation)
    return this.file
  }
}

// #region refuse
function refuseWhatItLacks({ condition, receipts = [], events }: Append): void {
  const asked = { conditions: condition, receipts: receipts.length > 0, links: events.some(({ type }) => type === LINK_TYPE) }
  for (const [capability, isAsked] of Object.entries(asked)) {
    if (isAsked) throw new CapabilityMissingError('file', capability, 'Use a store that has them.')
  }
}
// #endregion

const withDate = (event: StoredEvent): StoredEvent => ({ ...event, createdAt: new Date(event.createdAt) })
