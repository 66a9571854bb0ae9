import type { Logger } from '@writ/event-store'

/** Whoever wants to be told of something; one that throws keeps nothing from the others. */
export class Listeners<Told extends readonly unknown[]> {
  private readonly listeners = new Set<(...told: Told) => void>()

  constructor(private readonly logger: Logger) {}

  get isAnyone(): boolean {
    return this.listeners.size > 0
  }

  add(listener: (...told: Told) => void): () => void {
    // Wrapped, so that the same function given twice is called twice and taken away once.
    const own = (...told: Told) => listener(...told)
    this.listeners.add(own)
    return () => this.listeners.delete(own)
  }

  readonly tell = (...told: Told): void => {
    for (const listener of [...this.listeners]) {
      try {
        listener(...told)
      } catch (error) {
        this.logger.error({ error }, 'A listener of the store threw')
      }
    }
  }
}
