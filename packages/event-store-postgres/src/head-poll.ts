import type { Logger, Runtime, WrittenEvents } from '@writ/event-store'
import type { Connections } from './connections.js'
import type { Listeners } from './listeners.js'
import type { RewindGuard } from './rewind-guard.js'

const PAUSE = { shortest: 20, longest: 250 }
/** How many looks are left out between two while nobody wants to know. */
const UNASKED = 3

/**
 * Finds the appends of other processes where no connection can listen: it asks how far the log has come, often while events flow.
 *
 * While nobody wants to know, it asks once a second, to see that it is still the same log.
 */
export class HeadPoll {
  private readonly stopped = new AbortController()
  private running: Promise<void> | undefined
  private seen = 0
  private leftOut = 0

  constructor(
    private readonly connections: Pick<Connections, 'using'>,
    private readonly guard: Pick<RewindGuard, 'examine'>,
    private readonly wakeUps: Listeners<[WrittenEvents?]>,
    private readonly options: { readonly runtime: Runtime; readonly logger: Logger },
  ) {}

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
    if (!this.wakeUps.isAnyone && this.leftOut++ < UNASKED) return false
    this.leftOut = 0
    try {
      // Behind a pooler a connection stays while the server changes, so that this is where a rewound log is noticed.
      const last = await this.connections.using('read the head', (client) => this.guard.examine(client), { writes: false })
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
