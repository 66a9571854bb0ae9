import { type Append, type AppendsTogether, CollectedAppends, type Committed, type EventStore } from '@writ/event-store'
import type { InMemoryTransaction } from '@writ/event-store-memory'

/** Undoes what the work of a transaction did that is stored already. */
class Repetition extends Error {}

/**
 * Carries out work in a transaction of a branch.
 *
 * @param own the store beneath: its transaction is asked for its handle, its checks and its rows
 * @param branch judges what is appended
 */
export async function transactionOf<T>(
  own: EventStore<InMemoryTransaction>,
  branch: EventStore,
  work: (transaction: InMemoryTransaction & AppendsTogether) => Promise<T>,
): Promise<Committed<T>> {
  const collected = new CollectedAppends()
  const append = (given: Append) => collected.append(given)
  let committed: Committed<T> | undefined
  const carriedOut = own.transaction(async (transaction) => {
    let result: T
    try {
      result = await work(Object.assign(transaction, { append, reads: branch }))
    } finally {
      collected.end()
    }
    const { position: before } = await branch.head()
    const appended = collected.answers(await branch.appendAll(collected.merged))
    committed = { result, appended }
    const isRepetition =
      collected.merged.some(({ events }) => events.length > 0) && appended.every(({ position }) => position <= before)
    if (isRepetition) throw new Repetition()
  })
  await carriedOut.catch((error) => {
    if (!(error instanceof Repetition)) throw error
  })
  return committed!
}
