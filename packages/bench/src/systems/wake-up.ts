import { randomInt } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { EventStore } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import { type Acknowledged, closedLoop, type Loop } from '../closed-loop.js'
import { connectionPool, countRows } from '../connection-pool.js'
import { CallingProcess, monotonic } from '../processes/calling-process.js'
import { sampleEvent, streamOf } from '../sample-event.js'
import type { Environment, OpenSystem, System } from '../system.js'
import { newEvent } from './writ-append.js'

/** Milliseconds between two appends of a store that has little to do. */
const PAUSE = { shortest: 10, longest: 30 }
/** Milliseconds after which the end of a window's log is asked for, woken or not. */
const POLL = 50
/** Milliseconds until the last append must be known. */
const PATIENCE = 30_000

/** The appending side, in a process of its own: it tells when each append had its answer, and at which position. */
export const toldAppend: System = {
  name: 'told',
  async open({ connectionString, schema }) {
    const store = postgresEventStore({ connectionString, schema })
    await store.start()
    return {
      settings: 'as it comes',
      operation: async () => {},
      window: (callers, seconds) => appendAndTell(store, callers, seconds),
      close: () => store.stop(),
    }
  },
}

async function appendAndTell(store: EventStore, callers: number, seconds: number): Promise<Loop> {
  const acknowledged: Acknowledged[] = []
  const append = async () => {
    const sample = sampleEvent()
    const { position } = await store.append({ stream: streamOf(sample), events: [newEvent(sample)], expectedVersion: 0 })
    acknowledged.push({ position, at: monotonic() })
    if (callers === 1) await pause(randomInt(PAUSE.shortest, PAUSE.longest))
  }
  return { ...(await closedLoop(append, callers, seconds)), acknowledged }
}

/** An operation lasts from an append's answer in one process until another one, which was woken, sees its position in the log. */
export const heard: System = {
  name: 'heard',
  async open(environment) {
    const { connectionString, schema } = environment
    const reader = postgresEventStore({ connectionString, schema })
    await reader.start()
    const appending = await openAppending(environment, 'an append at a time, 10 to 30 ms apart; one process listens')
    return {
      ...appending,
      async window(callers, seconds) {
        const listening = listenTo(reader)
        const loop = await appending.window(callers, seconds)
        return { ...loop, latencies: await listening.wakeUps(loop.acknowledged ?? []) }
      },
      async close() {
        await appending.close()
        await reader.stop()
      },
    }
  },
}

/** The same appends while another process is woken, and does nothing more. */
export const woken: System = {
  name: 'woken',
  hasLatency: false,
  async open(environment) {
    const { connectionString, schema } = environment
    const other = postgresEventStore({ connectionString, schema })
    await other.start()
    other.onAppended(() => {})
    const appending = await openAppending(environment, 'the same appends; a process listens, and asks for nothing')
    return {
      ...appending,
      async close() {
        await appending.close()
        await other.stop()
      },
    }
  },
}

/** The same appends with no other process that would listen: what wake-ups cost is the difference. */
export const unheard: System = {
  name: 'unheard',
  hasLatency: false,
  open: (environment) => openAppending(environment, 'the same appends; no other process listens'),
}

async function openAppending(environment: Environment, idle: string): Promise<OpenSystem & Required<Pick<OpenSystem, 'window'>>> {
  const appending = new CallingProcess()
  const pool = connectionPool(environment, 1)
  const close = async () => {
    await appending.close()
    await pool.end()
  }
  try {
    await appending.open('told', environment)
  } catch (error) {
    await close()
    throw error
  }
  return {
    settings:
      environment.callers === 1 ? idle : idle.replace('an append at a time, 10 to 30 ms apart', 'appends without a pause'),
    operation: async () => {},
    window: (callers, seconds) => appending.window(callers, monotonic(), seconds),
    stored: () => countRows(pool, 'events'),
    close,
  }
}

/** Asks for the head whenever it is woken: how far the log is durable. */
function listenTo(reader: EventStore) {
  const known: Acknowledged[] = []
  let isWoken = false
  let asking: Promise<void> | undefined
  const ask = async () => {
    while (isWoken) {
      isWoken = false
      const { position } = await reader.head()
      if (position > (known.at(-1)?.position ?? 0)) known.push({ position, at: monotonic() })
    }
    asking = undefined
  }
  const wake = () => {
    isWoken = true
    asking ??= ask()
  }
  const forget = reader.onAppended(wake)
  return {
    /** How long each append waited to be known, in milliseconds; what was known before its appender had the answer waited for nothing. */
    async wakeUps(appends: readonly Acknowledged[]): Promise<Float64Array> {
      const inOrder = [...appends].sort((a, b) => a.position - b.position)
      const last = inOrder.at(-1)?.position ?? 0
      const deadline = monotonic() + PATIENCE
      while ((known.at(-1)?.position ?? 0) < last) {
        if (monotonic() > deadline) throw new Error(`The append at position ${last} was not seen within ${PATIENCE} ms.`)
        // A hint may be lost, and the last one has no other after it: readers poll, too.
        await pause(POLL)
        wake()
      }
      forget()
      await asking
      let next = 0
      return Float64Array.from(inOrder, ({ position, at }) => {
        while (known[next]!.position < position) next++
        return Math.max(0, known[next]!.at - at)
      })
    },
  }
}
