import { KnownPlace, type Logger, type LogRewoundError } from '@writ/event-store'
import type pg from 'pg'
import type { SchemaName } from './schema/schema-name.js'

/**
 * Sees to it that each connection, before its first use, leads to the log that this store has known so far.
 *
 * A server that comes back may be another one: restored from a backup, or a standby that lagged behind when it was promoted. It would
 * give positions out again, and nothing in an append or a page would show it.
 */
export class RewindGuard {
  /** Why nothing is done any more; undefined as long as all is well. */
  refusal: LogRewoundError | undefined
  private known: KnownPlace | undefined
  private readonly text: string

  constructor(
    { quoted: s }: SchemaName,
    private readonly logger: Logger,
    private readonly onRewound: (error: LogRewoundError) => void,
  ) {
    this.text = `select pg_catalog.pg_is_in_recovery(), i.incarnation, coalesce((select e.position from ${s}.events e order by e.position desc limit 1), 0),
      (select e.id from ${s}.events e where e.position = $1) from ${s}.store i`
  }

  /** The store starts: this is its log from now on. */
  async begin(client: pg.ClientBase): Promise<void> {
    const { incarnation } = await this.look(client, 0)
    this.known = new KnownPlace('postgres', incarnation)
  }

  /** Something durable was acknowledged or given out. */
  note(position: number, eventId?: string): void {
    this.known?.note(position, eventId)
  }

  /**
   * Looks at the log through a connection, before its first use.
   *
   * @returns the position of the log's last event
   * @throws LogRewoundError, and whatever the driver throws; an Error for a standby, which may catch up yet before it is promoted
   */
  async examine(client: pg.ClientBase): Promise<number> {
    const { known } = this
    if (!known) return 0
    // What is known now is visible to every statement from now on; what becomes known meanwhile may not be.
    const before = known.now
    const found = await this.look(client, before.position)
    const error = known.compare(before, found)
    if (error && !this.refusal) {
      this.refusal = error
      this.logger.error({ lastKnown: error.lastKnown, found: error.found }, 'The log was rewound; the store refuses everything')
      this.onRewound(error)
    }
    if (this.refusal) throw this.refusal
    return found.head
  }

  private async look(client: pg.ClientBase, position: number) {
    const { rows } = await client.query<[boolean, string, string, string | null]>({
      text: this.text,
      values: [position],
      rowMode: 'array',
    })
    const [isStandby, incarnation, head, eventId] = rows[0]!
    if (isStandby) throw new Error('The server is a standby that has not been promoted: nothing can be appended there')
    return { incarnation, head: Number(head), eventId: eventId ?? undefined }
  }
}
