import type { Logger, Runtime } from '@writ/event-store'
import type { Connections, Statement } from '../connections.js'
import type { SchemaName } from '../schema/schema-name.js'

const AT_MOST_EVERY = 5

/**
 * Decides which batches tell other processes of themselves.
 *
 * A NOTIFY wakes every listening process and costs a small append a fifth of its time. The first after a pause is told at once;
 * what follows within milliseconds is told together.
 */
export class Notices {
  private last = Number.NEGATIVE_INFINITY
  /** When the first and the last of those were answered that nobody was told of. */
  private untold: { readonly since: number; readonly until: number } | undefined
  private owed: Promise<void> | undefined
  private readonly settling = new AbortController()
  private readonly statement: Statement

  constructor(
    private readonly connections: Pick<Connections, 'write'>,
    { quoted, statementPrefix }: SchemaName,
    private readonly options: { readonly runtime: Runtime; readonly logger: Logger },
  ) {
    this.statement = { name: `${statementPrefix}notify`, text: `select ${quoted}.notify()` }
  }

  /**
   * Sends a batch, which is to tell of itself where that is due; if not, it is told of soon after its answer.
   *
   * @param hasWritten whether it wrote anything: a batch that wrote nothing tells of nothing
   */
  async telling<T>(send: (notify: boolean) => Promise<T>, hasWritten: (answer: T) => boolean): Promise<T> {
    const sent = this.options.runtime.monotonic()
    const isDue = sent - this.last >= AT_MOST_EVERY
    if (isDue) this.last = sent
    let answer: T
    try {
      answer = await send(isDue)
    } catch (error) {
      // It may have been stored all the same.
      this.owe()
      throw error
    }
    if (hasWritten(answer)) {
      if (isDue) this.told(sent)
      else this.owe()
    }
    return answer
  }

  /** Tells at once of what nobody was told of yet. */
  async settle(): Promise<void> {
    this.settling.abort()
    await this.owed
  }

  // What was answered before this one was sent has been told of with it. What was answered later may have come after it in the log.
  private told(sent: number): void {
    if (this.untold === undefined || this.untold.since > sent) return
    const { until } = this.untold
    this.untold = until > sent ? { since: until, until } : undefined
  }

  private owe(): void {
    const now = this.options.runtime.monotonic()
    this.untold = { since: this.untold?.since ?? now, until: now }
    this.owed ??= this.tellLater()
  }

  private async tellLater(): Promise<void> {
    const { runtime, logger } = this.options
    const { signal } = this.settling
    while (this.untold !== undefined) {
      const wait = this.untold.since + 2 * AT_MOST_EVERY - runtime.monotonic()
      // A busy store's next batch tells of this one too.
      if (wait > 0 && !signal.aborted) {
        await runtime.sleep(wait, signal)
        continue
      }
      this.untold = undefined
      try {
        await this.connections.write('notify', this.statement, [])
      } catch (error) {
        // Readers poll: what nobody was told of is found all the same.
        logger.debug({ error: (error as Error).message }, 'Other processes could not be told of appends')
      }
    }
    this.owed = undefined
  }
}
