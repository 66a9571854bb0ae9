import type { Logger, Runtime } from '@writ/event-store'
import type pg from 'pg'
import { destroy } from './connections.js'
import { quoteIdentifier } from './schema/schema-name.js'

const FIRST_PAUSE = 100
const LONGEST_PAUSE = 5_000

/**
 * Hears of the appends of other processes, on a connection of its own.
 *
 * What it tells is a hint. While it is away nothing is heard, and nothing is lost either: readers poll. When it is back it wakes
 * everyone once, for there may be something.
 */
export class Listener {
  private readonly stopped = new AbortController()
  private client: pg.Client | undefined
  private isListening = false
  private running: Promise<void> | undefined

  constructor(
    private readonly options: {
      readonly channel: string
      readonly connect: () => pg.Client
      /** Which server process told it; undefined where nothing was told, but may have been missed. */
      readonly onHeard: (processId: number | undefined) => void
      readonly runtime: Runtime
      readonly logger: Logger
    },
  ) {}

  start(): void {
    this.running ??= this.run()
  }

  async stop(): Promise<void> {
    this.stopped.abort()
    // The driver's connect would never return after an end() in its midst.
    if (this.isListening) await this.client?.end().catch(() => {})
    else if (this.client) destroy(this.client)
    await this.running
  }

  private async run(): Promise<void> {
    const { runtime, logger } = this.options
    let pause = FIRST_PAUSE
    while (!this.stopped.signal.aborted) {
      try {
        await this.listen(() => {
          pause = FIRST_PAUSE
        })
      } catch (error) {
        logger.warn({ error: (error as Error).message }, 'Listening for appends was interrupted; readers poll meanwhile')
      }
      if (this.stopped.signal.aborted) return
      await runtime.sleep(pause * (0.5 + runtime.random() / 2), this.stopped.signal)
      pause = Math.min(pause * 2, LONGEST_PAUSE)
    }
  }

  /** Listens until the connection ends. */
  private async listen(onListening: () => void): Promise<void> {
    const client = this.options.connect()
    this.client = client
    const ended = new Promise<void>((resolve) => {
      client.once('end', resolve)
      // An error is followed by the end; without a listener it would end the process.
      client.on('error', (error) => this.options.logger.debug({ error: error.message }, 'The listening connection broke'))
    })
    client.on('notification', ({ processId }) => this.options.onHeard(processId))
    try {
      await client.connect()
      await client.query(`listen ${quoteIdentifier(this.options.channel)}`)
      this.isListening = true
      if (this.stopped.signal.aborted) return
      onListening()
      this.options.onHeard(undefined)
      await ended
    } finally {
      this.isListening = false
      await client.end().catch(() => {})
    }
  }
}
