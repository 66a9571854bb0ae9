import type { Logger, Runtime } from '@writ/event-store'
import type pg from 'pg'
import { destroy } from './destroy.js'
import { FOREIGN, steeredBy } from './schema/hints.js'
import { quoteIdentifier } from './schema/schema-name.js'
import { Watchdog } from './watchdog.js'

const FIRST_PAUSE = 100
const LONGEST_PAUSE = 5_000
const HEARTBEAT = 10_000

/** A store that wants to hear of what other processes do. */
export interface Hearer {
  readonly channel: string
  /** Which server process told it; undefined where that does not matter, or where nothing was told but may have been missed. */
  readonly onHeard: (processId: number | undefined) => void
  /** Someone has steered a subscription, in this process or another. */
  readonly onSteered: (subscription: string) => void
  /** Looks at the store's log through a connection that was just made; it never throws for what it finds. */
  readonly examine: (client: pg.ClientBase) => Promise<void>
  /** Milliseconds in which the server must answer. */
  readonly timeout: number
  readonly runtime: Runtime
  readonly logger: Logger
}

/**
 * Hears of what other processes do: one connection, however many stores listen, each on its channel.
 *
 * What it tells is a hint. While it is away nothing is heard, and nothing is lost either: readers poll. When it is back it wakes
 * everyone once, for there may be something. From time to time it says again what it listens to, and wants an answer: a connection
 * whose other end has vanished is as silent as one on which nothing happens.
 */
export class Listener {
  private readonly hearers = new Set<Hearer>()
  private run: ListeningRun | undefined

  constructor(private readonly connect: () => pg.Client) {}

  add(hearer: Hearer): void {
    this.hearers.add(hearer)
    if (this.run) this.run.listen(hearer)
    else this.run = new ListeningRun(this.connect, this.hearers)
  }

  /** Tells the other stores of this process on the same channel, whose appends the server announces as this pool's own. */
  tellOthers(teller: Hearer): void {
    if (this.hearers.size === 1) return
    for (const hearer of this.hearers) if (hearer !== teller && hearer.channel === teller.channel) hearer.onHeard(undefined)
  }

  /** When nobody is left the connection is closed. */
  async remove(hearer: Hearer): Promise<void> {
    if (!this.hearers.delete(hearer)) return
    const { run } = this
    if (this.hearers.size > 0) return run?.forget(hearer)
    this.run = undefined
    await run?.stop()
  }
}

/** From the first hearer to the last. */
class ListeningRun {
  private readonly stopped = new AbortController()
  private readonly running: Promise<void>
  private readonly runtime: Runtime
  private readonly logger: Logger
  private readonly timeout: number
  private readonly watchdog: Watchdog
  private client: pg.Client | undefined
  private isListening = false
  private asked: Promise<unknown> = Promise.resolve()
  private pause = FIRST_PAUSE

  constructor(
    private readonly connect: () => pg.Client,
    private readonly hearers: ReadonlySet<Hearer>,
  ) {
    const [{ runtime, logger, timeout }] = [...hearers] as [Hearer]
    this.runtime = runtime
    this.logger = logger
    this.timeout = timeout
    this.watchdog = new Watchdog(runtime, timeout)
    this.running = this.keepListening()
  }

  listen(hearer: Hearer): void {
    // One that is not listening yet begins with all channels.
    if (!this.isListening) return
    const heard = () => hearer.onHeard(undefined)
    this.ask(`listen ${quoteIdentifier(hearer.channel)}`).then(heard, () => {})
  }

  forget({ channel }: Hearer): void {
    if (!this.isListening || [...this.hearers].some((other) => other.channel === channel)) return
    this.ask(`unlisten ${quoteIdentifier(channel)}`).catch(() => {})
  }

  async stop(): Promise<void> {
    this.stopped.abort()
    // The driver's connect would never return after an end() in its midst.
    if (this.isListening) await this.watched(() => this.client!.end()).catch(() => {})
    else if (this.client) destroy(this.client)
    await this.running
    this.watchdog.stop()
  }

  private async keepListening(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      try {
        await this.listenOnce()
      } catch (error) {
        if (this.stopped.signal.aborted) return
        this.logger.warn({ error: (error as Error).message }, 'Listening for appends was interrupted; readers poll meanwhile')
      }
      if (this.stopped.signal.aborted) return
      await this.runtime.sleep(this.pause * (0.5 + this.runtime.random() / 2), this.stopped.signal)
      this.pause = Math.min(this.pause * 2, LONGEST_PAUSE)
    }
  }

  /** Listens until the connection ends. */
  private async listenOnce(): Promise<void> {
    const client = this.connect()
    this.client = client
    const ended = new AbortController()
    // An error is followed by the end; without a listener it would end the process.
    client.on('error', (error) => this.logger.debug({ error: error.message }, 'The listening connection broke'))
    client.once('end', () => ended.abort())
    client.on('notification', ({ channel, processId, payload }) => {
      const steered = steeredBy(payload)
      const teller = payload === FOREIGN ? undefined : processId
      for (const hearer of this.hearers) {
        if (hearer.channel !== channel) continue
        if (steered === undefined) hearer.onHeard(teller)
        else hearer.onSteered(steered)
      }
    })
    try {
      await this.watched(() => client.connect())
      for (const { examine } of [...this.hearers]) await this.watched(() => examine(client))
      this.isListening = true
      await this.listenToAll()
      if (this.stopped.signal.aborted) return
      this.pause = FIRST_PAUSE
      for (const hearer of this.hearers) hearer.onHeard(undefined)
      await this.beat(ended.signal)
    } finally {
      this.isListening = false
      await this.watched(() => client.end()).catch(() => {})
    }
  }

  private async beat(ended: AbortSignal): Promise<void> {
    for (;;) {
      await this.runtime.sleep(Math.min(HEARTBEAT, this.timeout), ended)
      if (this.stopped.signal.aborted) return
      if (ended.aborted) throw new Error('The server closed the connection')
      await this.listenToAll()
    }
  }

  private listenToAll(): Promise<unknown> {
    const channels = new Set([...this.hearers].map(({ channel }) => channel))
    return this.ask([...channels].map((channel) => `listen ${quoteIdentifier(channel)}`).join('; '))
  }

  /** One after another: a client of the driver takes one statement at a time. */
  private ask(statement: string): Promise<unknown> {
    const answer = this.asked.then(() => this.watched(() => this.client!.query(statement)))
    this.asked = answer.catch(() => {})
    return answer
  }

  private async watched<T>(work: () => Promise<T>): Promise<T> {
    const client = this.client!
    const watched = this.watchdog.watch(() => destroy(client))
    try {
      return await work()
    } finally {
      this.watchdog.done(watched)
    }
  }
}
