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
  private owed: Promise<void> | undefined
  private readonly settling = new AbortController()
  private readonly statement: Statement

  constructor(
    private readonly connections: Connections,
    { quoted, statementPrefix }: SchemaName,
    private readonly options: { readonly runtime: Runtime; readonly logger: Logger },
  ) {
    this.statement = { name: `${statementPrefix}notify`, text: `select ${quoted}.notify()` }
  }

  /** Whether a batch that is sent now is to tell of itself; if not, it is told of soon after. */
  isDue(): boolean {
    const now = this.options.runtime.monotonic()
    if (now - this.last >= AT_MOST_EVERY) {
      this.last = now
      return true
    }
    this.owed ??= this.tellLater(now).finally(() => {
      this.owed = undefined
    })
    return false
  }

  /** Tells at once of what nobody was told of yet. */
  async settle(): Promise<void> {
    this.settling.abort()
    await this.owed
  }

  private async tellLater(since: number): Promise<void> {
    await this.options.runtime.sleep(2 * AT_MOST_EVERY, this.settling.signal)
    // A busy store's next batch has told of this one too.
    if (this.last > since) return
    try {
      await this.connections.write('notify', this.statement, [])
    } catch (error) {
      // Readers poll: what nobody was told of is found all the same.
      this.options.logger.debug({ error: (error as Error).message }, 'Other processes could not be told of appends')
    }
  }
}
