import { join } from 'node:path'
import { type StartProcess, type TestProcess, until } from '@writ/build-tools'
import pg from 'pg'
import type { Acknowledged, History, Place, StoredPlace } from './history.js'

export interface LoadOptions {
  readonly startProcess: StartProcess
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
  private readonly writers: TestProcess<Message>[] = []
  private readonly readers: TestProcess<Message>[] = []
  private highest = 0
  private started = 0

  private constructor(private readonly options: LoadOptions) {}

  /** Resolves when all processes have their stores open. */
  static async start(options: LoadOptions): Promise<Load> {
    const load = new Load(options)
    for (const kind of options.readers) load.startReader(kind)
    for (let writer = 0; writer < options.writers; writer++) load.writers.push(load.startWriter())
    await until('all have their stores open', () => [...load.readers, ...load.writers].every(({ newest }) => newest))
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
    await this.writers[index]!.kill()
    this.writers[index] = this.startWriter()
  }

  /** Lets the writers finish, and the readers read up to the last event. */
  async finish(): Promise<History> {
    await end(this.writers, 'stop')
    const last = (await this.soFar()).stored.at(-1)?.position ?? 0
    await end(this.readers, last)
    return this.soFar()
  }

  /** What was said until now, and what the log holds a moment later. */
  async soFar(): Promise<History> {
    const acknowledged = [...this.acknowledged]
    const delivered = new Map([...this.delivered].map(([reader, given]) => [reader, [...given]]))
    return { acknowledged, delivered, stored: await storedPlaces(this.options) }
  }

  private startWriter(): TestProcess<Message> {
    return this.begin('writer-process.mjs', [`writer-${++this.started}`, this.options.appenders])
  }

  private startReader(kind: ReaderKind): void {
    const places: Place[] = []
    this.delivered.set(kind, places)
    this.readers.push(this.begin('reader-process.mjs', [kind], places))
  }

  private begin(script: string, parameters: readonly (string | number)[], places: Place[] = []): TestProcess<Message> {
    const { startProcess, connectionString, schema } = this.options
    return startProcess(join(__dirname, script), [connectionString, schema, ...parameters], {
      hear: ({ acknowledged = [], delivered = [], failure }: Message) => {
        for (const event of acknowledged) {
          this.acknowledged.push(event)
          this.highest = Math.max(this.highest, event.position)
        }
        places.push(...delivered)
        if (failure !== undefined) this.failures.push(failure)
      },
    })
  }
}

/** Those that have failed are about to go, or have gone, by themselves. */
async function end(processes: readonly TestProcess[], message: string | number): Promise<void> {
  for (const each of processes) each.send(message)
  await Promise.all(processes.map((each) => each.ended()))
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
