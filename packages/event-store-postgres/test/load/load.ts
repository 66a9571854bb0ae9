import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import pg from 'pg'
import type { Acknowledged, History, Place, StoredPlace } from './history.js'

export interface LoadOptions {
  readonly connectionString: string
  readonly schema: string
  readonly writers: number
  /** In each writing process. */
  readonly appenders: number
  readonly readers: readonly ReaderKind[]
}

/** `durable` asks for what no crash can take away; `plain` takes what is visible. */
export type ReaderKind = 'durable' | 'plain'

interface Message {
  readonly acknowledged?: readonly Acknowledged[]
  readonly delivered?: readonly Place[]
  readonly failure?: string
}

/** Processes that append, and others that read behind them. */
export class Load {
  /** What went wrong in a process, by its code. */
  readonly failures: string[] = []
  private readonly acknowledged: Acknowledged[] = []
  private readonly delivered = new Map<ReaderKind, Place[]>()
  private readonly writers: ChildProcess[] = []
  private readonly readers = new Map<ReaderKind, ChildProcess>()
  private highest = 0
  private started = 0

  private constructor(private readonly options: LoadOptions) {}

  /** Resolves when all processes have their stores open. */
  static async start(options: LoadOptions): Promise<Load> {
    const load = new Load(options)
    for (const kind of options.readers) load.startReader(kind)
    for (let writer = 0; writer < options.writers; writer++) load.writers.push(load.startWriter())
    await Promise.all([...load.readers.values(), ...load.writers].map((child) => once(child, 'message')))
    return load
  }

  get acknowledgedCount(): number {
    return this.acknowledged.length
  }

  /** Whether a reader was given an event beyond all that were acknowledged, as far as is known here. */
  isAhead(kind: ReaderKind): boolean {
    return (this.delivered.get(kind)!.at(-1)?.position ?? 0) > this.highest
  }

  /** Kills a writing process with SIGKILL, in the midst of whatever it does, and starts another in its place. */
  async killWriter(index: number): Promise<void> {
    const writer = this.writers[index]!
    const exited = once(writer, 'exit')
    writer.kill('SIGKILL')
    await exited
    this.writers[index] = this.startWriter()
  }

  /** Lets the writers finish, and the readers read up to the last event. */
  async finish(): Promise<History> {
    await Promise.all(this.writers.map((writer) => this.end(writer, 'stop')))
    const last = (await this.soFar()).stored.at(-1)?.position ?? 0
    await Promise.all([...this.readers.values()].map((reader) => this.end(reader, last)))
    return this.soFar()
  }

  /** What was said until now, and what the log holds a moment later. */
  async soFar(): Promise<History> {
    const acknowledged = [...this.acknowledged]
    const delivered = new Map([...this.delivered].map(([reader, given]) => [reader, [...given]]))
    return { acknowledged, delivered, stored: await storedPlaces(this.options) }
  }

  /** Ends what a failed test left running. */
  abandon(): void {
    for (const child of [...this.writers, ...this.readers.values()]) child.kill('SIGKILL')
  }

  private startWriter(): ChildProcess {
    const { connectionString, schema, appenders } = this.options
    return this.fork(
      'writer-process.mjs',
      [connectionString, schema, `writer-${++this.started}`, String(appenders)],
      (message) => {
        for (const acknowledged of message.acknowledged ?? []) {
          this.acknowledged.push(acknowledged)
          this.highest = Math.max(this.highest, acknowledged.position)
        }
      },
    )
  }

  private startReader(kind: ReaderKind): void {
    const { connectionString, schema } = this.options
    const delivered: Place[] = []
    this.delivered.set(kind, delivered)
    const reader = this.fork('reader-process.mjs', [connectionString, schema, kind], (message) => {
      if (message.delivered) delivered.push(...message.delivered)
    })
    this.readers.set(kind, reader)
  }

  private fork(program: string, args: readonly string[], hear: (message: Message) => void): ChildProcess {
    const child = fork(join(__dirname, program), args, { execArgv: [] })
    child.on('message', (message: Message) => {
      hear(message)
      if (message.failure !== undefined) this.failures.push(message.failure)
    })
    return child
  }

  private async end(child: ChildProcess, message: string | number): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    // Not its exit: what it sent last may still be on its way then.
    const closed = once(child, 'close')
    // One that has failed is about to go by itself, and need not hear it.
    child.send(message, () => {})
    await closed
  }
}

async function storedPlaces({ connectionString, schema }: LoadOptions): Promise<readonly StoredPlace[]> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    const { rows } = await client.query<StoredPlace>(
      `select position::float8 as position, id, stream, version from ${schema}.events order by position`,
    )
    return rows
  } finally {
    await client.end()
  }
}
