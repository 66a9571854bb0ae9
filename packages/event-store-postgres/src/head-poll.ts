import type { Logger, Runtime } from '@writ/event-store'
import type { Connections, Statement } from './connections.js'
import type { SchemaName } from './schema/schema-name.js'
import type { WakeUps } from './wake-ups.js'

const PAUSE = { shortest: 20, longest: 250 }

/**
 * Finds the appends of other processes where no connection can listen: it asks how far the log has come, often while events flow.
 *
 * While nobody wants to know, nothing is asked.
 */
export class HeadPoll {
  private readonly stopped = new AbortController()
  private readonly statement: Statement
  private running: Promise<void> | undefined
  private seen = 0

  constructor(
    private readonly connections: Connections,
    { quoted, statementPrefix }: SchemaName,
    private readonly wakeUps: WakeUps,
    private readonly options: { readonly runtime: Runtime; readonly logger: Logger },
  ) {
    this.statement = {
      name: `${statementPrefix}last`,
      text: `select e.position from ${quoted}.events e order by e.position desc limit 1`,
    }
  }

  start(): void {
    this.running ??= this.run()
  }

  async stop(): Promise<void> {
    this.stopped.abort()
    await this.running
  }

  /** This process's own append, of which everyone has been told. */
  saw(position: number): void {
    if (position > this.seen) this.seen = position
  }

  private async run(): Promise<void> {
    const { runtime } = this.options
    let pause = PAUSE.longest
    for (;;) {
      await runtime.sleep(pause, this.stopped.signal)
      if (this.stopped.signal.aborted) return
      pause = (await this.look()) ? PAUSE.shortest : Math.min(pause * 2, PAUSE.longest)
    }
  }

  private async look(): Promise<boolean> {
    if (!this.wakeUps.isAnyone) return false
    try {
      const [row] = await this.connections.read('read the head', this.statement, [])
      const last = Number(row?.[0] ?? 0)
      if (last === this.seen) return false
      this.seen = last
    } catch (error) {
      this.options.logger.debug(
        { error: (error as Error).message },
        'The head of the log could not be read; it is asked for again',
      )
      return false
    }
    this.wakeUps.tell()
    return true
  }
}
