import type { AggregateRuntime } from './execute-command.js'

/** Runtimes in the order in which they came; each is in one list at most, so that coming and going cost next to nothing. */
export class RuntimeList {
  first: AggregateRuntime | undefined
  private last: AggregateRuntime | undefined
  size = 0

  add(runtime: AggregateRuntime): void {
    runtime.previous = this.last
    runtime.next = undefined
    if (this.last) this.last.next = runtime
    else this.first = runtime
    this.last = runtime
    this.size++
  }

  remove(runtime: AggregateRuntime): void {
    const { previous, next } = runtime
    if (previous) previous.next = next
    else this.first = next
    if (next) next.previous = previous
    else this.last = previous
    runtime.previous = undefined
    runtime.next = undefined
    this.size--
  }
}
