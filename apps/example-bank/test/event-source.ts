import { eventually } from './bank-client.js'

export interface ServerSentEvent {
  readonly id: string
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of the data by comparing it
  readonly data: any
}

/** Reads server-sent events as a browser does, but with a token. */
export class EventSource {
  readonly events: ServerSentEvent[] = []
  beats = 0
  hasEnded = false
  private readonly cut = new AbortController()

  private constructor(readonly response: Response) {}

  static async open(url: string, token: string, headers: Readonly<Record<string, string>> = {}): Promise<EventSource> {
    const cut = new AbortController()
    const response = await fetch(url, {
      headers: { Accept: 'text/event-stream', Authorization: `Bearer ${token}`, ...headers },
      signal: cut.signal,
    })
    const source = new EventSource(response)
    source.cut.signal.addEventListener('abort', () => cut.abort())
    void source.read().catch(() => {})
    return source
  }

  /** Waits for so many events in all. */
  until(count: number): Promise<readonly ServerSentEvent[]> {
    return eventually(() => this.events.length >= count && this.events, `${count} events`)
  }

  /** As a client that vanishes. */
  close(): void {
    this.cut.abort()
  }

  private async read(): Promise<void> {
    let rest = ''
    const decoder = new TextDecoder()
    try {
      for await (const chunk of this.response.body ?? []) {
        const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
        rest = blocks.pop() ?? ''
        for (const block of blocks) this.take(block)
      }
    } finally {
      this.hasEnded = true
    }
  }

  private take(block: string): void {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
    const data = field('data')
    if (data === undefined) this.beats++
    else this.events.push({ id: field('id') ?? '', data: JSON.parse(data) })
  }
}
