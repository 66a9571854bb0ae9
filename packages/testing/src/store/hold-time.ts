import type { EventStore } from '@writ/event-store'
import type { VirtualClock } from '../runtime/virtual-clock.js'

type During = VirtualClock['during']

/** The ports of a store that are objects of their own. */
const ports: readonly PropertyKey[] = ['checkpoints', 'parked', 'projections', 'receipts', 'snapshots', 'streams']

/** The same store; while it works on something, virtual time stands still: a server's answer takes real time. */
export function holdTime<Transaction extends object>(store: EventStore<Transaction>, during: During): EventStore<Transaction> {
  return held(store, during)
}

function held<T extends object>(port: T, during: During): T {
  return new Proxy(port, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value === 'function') return (...args: readonly unknown[]) => answer(Reflect.apply(value, target, args), during)
      return ports.includes(key) ? held(value as object, during) : value
    },
  })
}

function answer(given: unknown, during: During): unknown {
  if (isPromise(given)) return during(Promise.resolve(given))
  return isPages(given) ? pages(given, during) : given
}

async function* pages<T>(given: AsyncIterable<T>, during: During): AsyncGenerator<T> {
  const iterator = given[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { done, value } = await during(iterator.next())
      if (done) return
      yield value
    }
  } finally {
    await iterator.return?.()
  }
}

function isPages(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

// Of whatever realm: a runner may have one of its own for tests.
function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
