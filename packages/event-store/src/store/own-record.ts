/**
 * The schema version of Writ's own records in a stream, whose types begin with `$`: links and tombstones.
 *
 * No event has it, so a store tells them apart by a number. They are no facts: the log leaves them out, and no query matches them.
 */
export const OWN_SCHEMA_VERSION = 0

/** Whether a type is one of Writ's own. */
export function isReservedType(type: string): boolean {
  return type.charCodeAt(0) === 0x24
}
