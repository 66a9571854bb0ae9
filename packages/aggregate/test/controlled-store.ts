import type {
  Append,
  Appended,
  AppendListener,
  AppendsTogether,
  Checkpoints,
  Committed,
  EventStore,
  Head,
  LogRewoundError,
  ParkedEvents,
  ProjectionVersions,
  ReadAllOptions,
  ReadStreamOptions,
  Receipts,
  Snapshots,
  SteeringListener,
  StoredEvent,
  Streams,
} from '@writ/event-store'

/** An append that waits for its test to say what becomes of it. */
export class HeldAppend {
  private decide!: (how: () => Promise<Appended>) => void
  readonly answer: Promise<Appended>

  constructor(
    readonly append: Append,
    private readonly store: EventStore,
  ) {
    this.answer = new Promise<() => Promise<Appended>>((resolve) => {
      this.decide = resolve
    }).then((how) => how())
  }

  /** Hands it on to the store. */
  pass(): void {
    this.decide(() => this.store.append(this.append))
  }

  /** Fails it, and nothing is stored. */
  fail(error: unknown): void {
    this.decide(() => Promise.reject(error))
  }

  /** Stores it, and loses the reply. */
  passAndFail(error: unknown): void {
    this.decide(async () => {
      await this.store.append(this.append)
      throw error
    })
  }
}

/** A store whose appends a test can hold, fail and count; everything else is the wrapped one's. */
export class ControlledStore implements EventStore {
  readonly adapter = 'controlled'
  /** All appends that were asked for. */
  readonly appends: Append[] = []
  readonly reads: string[] = []
  /** The options of all reads, of streams and of the log. */
  readonly readOptions: ReadAllOptions[] = []
  /** Called before each append is handed on; may throw. */
  beforeAppend: (append: Append) => void | Promise<void> = () => {}
  beforeRead: (stream: string) => void | Promise<void> = () => {}
  private holding = false
  private readonly held: HeldAppend[] = []
  private waiting: ((append: HeldAppend) => void)[] = []

  constructor(readonly wrapped: EventStore) {}

  /** From now on appends wait for `next`. */
  hold(): void {
    this.holding = true
  }

  /** Lets held appends go, and later ones. */
  release(): void {
    this.holding = false
    for (const held of this.held.splice(0)) held.pass()
  }

  /** The next append that is held. */
  next(): Promise<HeldAppend> {
    const held = this.held.shift()
    return held ? Promise.resolve(held) : new Promise((resolve) => this.waiting.push(resolve))
  }

  get heldCount(): number {
    return this.held.length
  }

  async append(append: Append): Promise<Appended> {
    this.appends.push(append)
    if (this.holding) {
      const held = new HeldAppend(append, this.wrapped)
      const waiting = this.waiting.shift()
      if (waiting) waiting(held)
      else this.held.push(held)
      return held.answer
    }
    await this.beforeAppend(append)
    return this.wrapped.append(append)
  }

  appendAll(appends: readonly Append[]): Promise<readonly Appended[]> {
    return this.wrapped.appendAll(appends)
  }

  transaction<T>(work: (transaction: AppendsTogether) => Promise<T>): Promise<Committed<T>> {
    return this.wrapped.transaction(work)
  }

  async *readStream(stream: string, options?: ReadStreamOptions): AsyncIterable<readonly StoredEvent[]> {
    this.reads.push(stream)
    this.readOptions.push(options ?? {})
    await this.beforeRead(stream)
    yield* this.wrapped.readStream(stream, options)
  }

  readAll(options?: ReadAllOptions): AsyncIterable<readonly StoredEvent[]> {
    this.readOptions.push(options ?? {})
    return this.wrapped.readAll(options)
  }

  get checkpoints(): Checkpoints<object> {
    return this.wrapped.checkpoints
  }
  get parked(): ParkedEvents {
    return this.wrapped.parked
  }
  get projections(): ProjectionVersions<object> {
    return this.wrapped.projections
  }
  get receipts(): Receipts {
    return this.wrapped.receipts
  }
  get snapshots(): Snapshots {
    return this.wrapped.snapshots
  }
  get streams(): Streams {
    return this.wrapped.streams
  }
  findEvents(ids: readonly string[]): Promise<readonly StoredEvent[]> {
    return this.wrapped.findEvents(ids)
  }
  head(): Promise<Head> {
    return this.wrapped.head()
  }
  start(): Promise<void> {
    return this.wrapped.start()
  }
  stop(): Promise<void> {
    return this.wrapped.stop()
  }
  onAppended(listener: AppendListener): () => void {
    return this.wrapped.onAppended(listener)
  }
  onSteered(listener: SteeringListener): () => void {
    return this.wrapped.onSteered(listener)
  }
  onRewound(listener: (error: LogRewoundError) => void): () => void {
    return this.wrapped.onRewound(listener)
  }
}
