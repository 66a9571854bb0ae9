import { eventClassOf, type StoredEvent } from '@writ/event-store'
import { BooksClosedError } from '../errors/books-closed-error.js'
import type { StateSource } from './load-state.js'

/**
 * Makes sure that a state which begins with an event begins rightly: with the stream's first event, or with one that carries the whole
 * state.
 *
 * @throws BooksClosedError
 */
export async function checkBeginning({ store, events }: StateSource, event: StoredEvent, toVersion?: number): Promise<void> {
  const [first] = events.decodeData(event)
  if (first !== undefined && eventClassOf(first).isSummary) return
  const firstVersion = await firstVersionOf(store, event.stream)
  // Before it may stand links alone that lead nowhere.
  if (firstVersion > 1) throw new BooksClosedError(event.stream, firstVersion, toVersion)
}

/**
 * Makes sure that a part of a stream without events is none that was closed away.
 *
 * @throws BooksClosedError
 */
export async function checkAbsence(store: StateSource['store'], stream: string, toVersion: number): Promise<void> {
  const firstVersion = await firstVersionOf(store, stream)
  if (firstVersion > 1) throw new BooksClosedError(stream, firstVersion, toVersion)
}

/** 1, unless the books were closed. */
export async function firstVersionOf(store: StateSource['store'], stream: string): Promise<number> {
  return (await store.streams.info(stream))?.firstVersion ?? 1
}
