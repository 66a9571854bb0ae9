import { randomUUID } from 'node:crypto'
import { type Append, type EventIdConflictError, hasCode, type NewEvent, type WrongExpectedVersionError } from '@writ/event-store'
import type { BrokenStore } from './broken-store.js'

const without = ({ expectedVersion: _, ...append }: Append): Append => append
const withEvents = (append: Append, change: (event: NewEvent) => NewEvent): Append => ({
  ...append,
  events: append.events.map(change),
})

/** What a store may do wrong when it takes events in. */
export const brokenAppends: readonly BrokenStore[] = [
  {
    does: 'forgets a version conflict',
    area: 'expected versions',
    instead: (sound) => ({ append: (append) => sound.append(without(append)) }),
  },
  {
    does: "takes 'stream-exists' for 'any'",
    area: 'expected versions',
    instead: (sound) => ({
      append: (append) => sound.append(append.expectedVersion === 'stream-exists' ? without(append) : append),
    }),
  },
  {
    does: "takes 'no-stream' for 'any'",
    area: 'expected versions',
    instead: (sound) => ({ append: (append) => sound.append(append.expectedVersion === 'no-stream' ? without(append) : append) }),
  },
  {
    does: 'takes a version that the stream has not reached',
    area: 'expected versions',
    instead: (sound) => ({
      append: (append) =>
        sound.append(append).catch((error: unknown) => {
          if (!hasCode<WrongExpectedVersionError>(error, 'wrong-expected-version')) throw error
          if (typeof error.expectedVersion !== 'number' || error.expectedVersion < error.actualVersion) throw error
          return sound.append(without(append))
        }),
    }),
  },
  {
    does: 'writes what it refuses',
    area: 'expected versions',
    instead: (sound) => ({
      append: (append) =>
        sound.append(append).catch(async (error: unknown) => {
          if (hasCode(error, 'wrong-expected-version')) await sound.append(without(append))
          throw error
        }),
    }),
  },
  {
    does: 'does not tell which events were missed',
    area: 'expected versions',
    instead: (sound) => ({
      append: (append) =>
        sound.append(append).catch((error: unknown) => {
          throw error instanceof Error ? Object.assign(error, { missed: undefined }) : error
        }),
    }),
  },
  {
    does: 'tells of one event too few that were missed',
    area: 'expected versions',
    instead: (sound) => ({
      append: (append) =>
        sound.append(append).catch((error: unknown) => {
          if (!hasCode<WrongExpectedVersionError>(error, 'wrong-expected-version')) throw error
          throw Object.assign(error, { missed: error.missed?.slice(1) })
        }),
    }),
  },
  {
    does: 'looks at the version and writes later',
    area: 'races',
    instead: (sound) => ({
      append: async (append) => {
        await sound.append({ ...append, events: [], receipts: [] })
        await new Promise(setImmediate)
        return sound.append(without(append))
      },
    }),
  },
  {
    does: 'loses the last of many events',
    area: 'appending',
    instead: (sound) => ({
      append: (append) => sound.append({ ...append, events: append.events.slice(0, 99), receipts: [] }),
    }),
  },
  {
    does: 'keeps the events of an append in another order',
    area: 'appending',
    instead: (sound) => ({ append: (append) => sound.append({ ...append, events: [...append.events].reverse() }) }),
  },
  {
    does: 'stores the events of an append one by one',
    area: 'reading behind writers',
    instead: (sound) => ({
      append: async (append) => {
        let appended = await sound.append({ ...append, events: [] })
        for (const event of append.events) appended = await sound.append({ stream: append.stream, events: [event] })
        return appended
      },
    }),
  },
  {
    does: 'acknowledges before it stores',
    area: 'appending',
    instead: (sound) => ({
      append: async (append) => {
        const { version } = await sound.append({ stream: append.stream, events: [] })
        const { position } = await sound.head()
        setTimeout(() => sound.append(append).catch(() => {}), 5)
        return { version: version + append.events.length, position: position + append.events.length }
      },
    }),
  },
  {
    does: 'answers with the position before the last',
    area: 'appending',
    instead: (sound) => ({
      append: async (append) => {
        const { version, position } = await sound.append(append)
        return { version, position: position - 1 }
      },
    }),
  },
  {
    does: 'stores a repeated append again',
    area: 'appends that are repeated',
    instead: (sound) => ({
      append: (append) => sound.append(withEvents(append, (event) => ({ ...event, id: randomUUID() }))),
    }),
  },
  {
    does: 'refuses a repeated append',
    area: 'appends that are repeated',
    instead: (sound) => {
      const ids = new Set<string>()
      return {
        append: async (append) => {
          const isRepeated = append.events.some(({ id }) => ids.has(id))
          const appended = await sound.append(
            isRepeated ? withEvents(append, (event) => ({ ...event, data: '"another"' })) : append,
          )
          for (const { id } of append.events) ids.add(id)
          return appended
        },
      }
    },
  },
  {
    does: 'takes an event for a repetition by its id alone',
    area: 'appends that are repeated',
    instead: (sound) => ({
      append: (append) =>
        sound.append(append).catch(async (error: unknown) => {
          if (!hasCode<EventIdConflictError>(error, 'event-id-conflict')) throw error
          return { version: append.events.length, position: (await sound.head()).position }
        }),
    }),
  },
  {
    does: 'refuses all appends under way with a bad one',
    area: 'appends under way together',
    instead: (sound) => {
      let together: Promise<void> | undefined
      let failure: unknown
      return {
        append: async (append) => {
          together ??= new Promise((resolve) => setImmediate(resolve))
          const batch = together
          const outcome = await sound.append(append).catch((error: unknown) => {
            failure = error
          })
          await batch
          together = undefined
          if (failure === undefined) return outcome!
          const all = failure
          setImmediate(() => {
            failure = undefined
          })
          throw all
        },
      }
    },
  },
  {
    does: 'stops without finishing the appends under way',
    area: 'starting and stopping',
    instead: (sound) => {
      let isStopping = false
      return {
        append: async (append) => {
          await new Promise(setImmediate)
          return isStopping ? { version: append.events.length, position: 1 } : sound.append(append)
        },
        stop: async () => {
          isStopping = true
          await sound.stop()
        },
      }
    },
  },
  {
    does: 'goes on when it is stopped',
    area: 'starting and stopping',
    instead: () => ({ stop: async () => {} }),
  },
  {
    does: 'draws an incarnation for each process',
    area: 'starting and stopping',
    instead: (sound) => {
      const incarnation = randomUUID()
      return { head: async () => ({ ...(await sound.head()), incarnation }) }
    },
  },
  {
    does: 'ignores conditions',
    area: 'conditions',
    instead: (sound) => ({ append: ({ condition: _, ...append }) => sound.append(append) }),
  },
  {
    does: "ignores a condition's `after`",
    area: 'conditions',
    instead: (sound) => ({
      append: (append) => sound.append(append.condition ? { ...append, condition: { ...append.condition, after: 0 } } : append),
    }),
  },
  {
    does: "takes a condition's `after` for one position later",
    area: 'conditions',
    instead: (sound) => ({
      append: (append) =>
        sound.append(
          append.condition ? { ...append, condition: { ...append.condition, after: (append.condition.after ?? 0) + 1 } } : append,
        ),
    }),
  },
  {
    does: 'looks at the first item of a condition only',
    area: 'conditions',
    instead: (sound) => ({
      append: (append) => {
        if (!append.condition) return sound.append(append)
        const [first] = append.condition.failIfMatch.items
        return sound.append({ ...append, condition: { ...append.condition, failIfMatch: { items: first ? [first] : [] } } })
      },
    }),
  },
  {
    does: 'asks of an event any of the tags of a condition',
    area: 'conditions',
    instead: (sound) => ({
      append: (append) => {
        if (!append.condition) return sound.append(append)
        const items = append.condition.failIfMatch.items.flatMap(({ tags, ...item }) =>
          tags && tags.length > 0 ? tags.map((tag) => ({ ...item, tags: [tag] })) : [{ ...item, ...(tags && { tags }) }],
        )
        return sound.append({ ...append, condition: { ...append.condition, failIfMatch: { items } } })
      },
    }),
  },
  {
    does: 'looks at the condition and writes later',
    area: 'conditions',
    instead: (sound) => ({
      append: async ({ condition, ...append }) => {
        if (condition) await sound.append({ stream: append.stream, events: [], condition })
        await new Promise(setImmediate)
        return sound.append(append)
      },
    }),
  },
  {
    does: 'ignores receipts',
    area: 'receipts',
    instead: (sound) => ({ append: ({ receipts: _, ...append }) => sound.append(append) }),
  },
  {
    does: 'keeps receipts of what it refuses',
    area: 'receipts',
    instead: (sound) => ({
      append: (append) =>
        sound.append(append).catch(async (error: unknown) => {
          if (hasCode(error, 'wrong-expected-version')) {
            const receipts = (append.receipts ?? []).map((receipt) => ({ ...receipt, eventsUpTo: 0 }))
            await sound.append({ stream: append.stream, events: [], receipts })
          }
          throw error
        }),
    }),
  },
  {
    does: 'looks at the version before the receipts',
    area: 'receipts',
    instead: (sound) => ({
      append: async (append) => {
        const { version } = await sound.append({ stream: append.stream, events: [] })
        if (append.expectedVersion === 0 && version > 0)
          await sound.append({ stream: append.stream, events: [], expectedVersion: 0 })
        return sound.append(append)
      },
    }),
  },
  {
    does: 'takes malformed JSON',
    area: 'bad input',
    instead: (sound) => ({
      append: (append) =>
        sound.append(
          withEvents(append, (event) => {
            try {
              JSON.parse(event.data)
              return event
            } catch {
              return { ...event, data: JSON.stringify(String(event.data)) }
            }
          }),
        ),
    }),
  },
  {
    does: 'takes a negative expected version for none',
    area: 'bad input',
    instead: (sound) => ({
      append: (append) => sound.append(Number(append.expectedVersion) < 0 ? without(append) : append),
    }),
  },
  {
    does: 'stores what comes before a malformed event',
    area: 'bad input',
    instead: (sound) => ({
      append: (append) =>
        sound.append(append).catch(async (error: unknown) => {
          const [first] = append.events
          if (hasCode(error, 'invalid-append') && first && append.events.length > 1) {
            await sound.append({ stream: append.stream, events: [first] })
          }
          throw error
        }),
    }),
  },
  {
    does: 'repeats payloads in its errors',
    area: 'bad input',
    instead: (sound) => ({
      append: (append) =>
        sound.append(append).catch((error: unknown) => {
          if (error instanceof Error) error.message += JSON.stringify(append.events)
          throw error
        }),
    }),
  },
]
