import { InvalidAppendError } from '../errors/invalid-append-error.js'
import type { Append } from './append.js'
import { isSerialised } from './new-event.js'

export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Whether it is JSON text of an object that every store can keep. */
export function isJsonObject(text: unknown): text is string {
  if (typeof text !== 'string' || text.includes('\u0000') || !text.isWellFormed()) return false
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

/**
 * Why an append's data or metadata is no JSON text; undefined where all of it is.
 *
 * `checkAppend` does not ask, for a database that stores JSON finds out by itself, and nothing should be parsed twice. An adapter
 * whose database does not must ask; one whose database does, where it refuses for another reason: malformed input comes first.
 */
export function whyNotJson({ stream, events }: Append): InvalidAppendError | undefined {
  let sound: string | undefined
  for (const event of events) {
    if (isSerialised(event)) continue
    const { type, data, metadata } = event
    if (!isJson(data)) return new InvalidAppendError(stream, `the data of '${type}' is not JSON text`)
    // The events of one command share theirs.
    if (metadata === sound) continue
    if (!isJson(metadata)) return new InvalidAppendError(stream, `the metadata of '${type}' is not JSON text`)
    sound = metadata
  }
  return undefined
}
