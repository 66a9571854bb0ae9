import 'reflect-metadata'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { describeTimeTravel } from '../../test/parity/describe-time-travel.js'

const log = new InMemoryLog()

/** All that the log holds, with the entries of its maps; not who listens to it, and when its clock was asked last. */
const everything = async () => {
  const { lastDate: _, listeners: __, rewindListeners: ___, ...held } = log as unknown as Record<string, unknown>
  return JSON.stringify(held, (_key, value: unknown) => (value instanceof Map || value instanceof Set ? [...value] : value))
}

describeTimeTravel('memory', () => inMemoryEventStore({ log }), everything)
