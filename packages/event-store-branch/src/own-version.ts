import type { ExpectedVersion } from '@writ/event-store'
import type { StreamEnd } from './past.js'

/** What is expected of the branch's own part of a stream; undefined where its past is something else than expected. */
export function ownVersion(expected: ExpectedVersion = 'any', end: StreamEnd): ExpectedVersion | undefined {
  if (expected === 'any') return 'any'
  if (expected === 'stream-exists') return end.version > 0 ? 'any' : 'stream-exists'
  const version = expected === 'no-stream' ? 0 : expected
  return version < end.version ? undefined : version - end.version
}
