import type { Logger } from '@writ/event-store'

/** Whoever wants to know that there may be new events. */
export class WakeUps {
  private readonly listeners = new Set<() => void>()

  constructor(private readonly logger: Logger) {}

  get isAnyone(): boolean {
    return this.listeners.size > 0
  }

  add(listener: () => void): () => void {
    // Wrapped, so that the same function given twice is called twice and taken away once.
    const own = () => listener()
    this.listeners.add(own)
    return () => this.listeners.delete(own)
  }

  readonly tell = (): void => {
    for (const listener of [...this.listeners]) {
      try {
        listener()
      } catch (error) {
        this.logger.error({ error }, 'A listener for appended events threw')
      }
    }
  }
}
