import type { AppendOperation, RepeatOperation, TogetherOperation } from './operation.js'

/** The appends of a list so far, which later ones repeat. */
export class EarlierAppends {
  private readonly appends: AppendOperation[] = []

  add(...appends: readonly AppendOperation[]): void {
    this.appends.push(...appends)
  }

  /** What is asked in fact: repetitions are looked up, and versions that were `seen` are numbers. */
  resolve(operation: AppendOperation | RepeatOperation, versionOf: (stream: number) => number): AppendOperation {
    const append = operation.kind === 'append' ? operation : this.repeated(operation)
    const { expects } = append
    if (typeof expects !== 'object' || expects === null) return append
    return { ...append, expects: versionOf(append.stream) + expects.seen }
  }

  resolveAll({ appends }: TogetherOperation, versionOf: (stream: number) => number): AppendOperation[] {
    return appends.map((append) => this.resolve(append, versionOf))
  }

  /** The ids of the events and links of some appends. */
  idsOf(which: readonly number[]): number[] {
    const appends = which.flatMap((one) => this.appends[one % Math.max(this.appends.length, 1)] ?? [])
    return appends.flatMap(({ events, links = [] }) => [...events, ...links].map(({ id }) => id))
  }

  private repeated({ which, change, by }: RepeatOperation): AppendOperation {
    const earlier = this.appends[which % Math.max(this.appends.length, 1)]
    if (!earlier) return { kind: 'append', stream: 0, events: [] }
    const append = { ...earlier, ...(by !== undefined && { by }) }
    const { events, stream } = append
    const [first, ...others] = events
    switch (change) {
      case 'first data':
        return { ...append, events: first ? [{ ...first, data: '{"changed":true}' }, ...others] : [] }
      case 'metadata':
        return { ...append, events: events.map((event) => ({ ...event, metadata: '{"changed":true}' })) }
      case 'stream':
        return { ...append, stream: stream + 1 }
      case 'order':
        return { ...append, events: [...events].reverse() }
      case 'only the first event':
        return { ...append, events: events.slice(0, 1), receipts: [] }
      case 'one event more':
        // Ids from here on are nobody else's.
        return { ...append, events: [...events, ...(first ? [{ ...first, id: first.id + 1_000_000 }] : [])] }
      case 'expected version':
        return { ...append, expects: { seen: 0 } }
      default:
        return append
    }
  }
}
