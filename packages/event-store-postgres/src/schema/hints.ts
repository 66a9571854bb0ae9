// What a schema's channel tells: of appends without a word or with FOREIGN, and of subscriptions that were steered.

import type { SchemaName } from './schema-name.js'

/** What is told of appends that the store has not sent itself, also where it knows the connection. */
export const FOREIGN = 'foreign'

const STEERED = 'steered '

/**
 * An expression that tells of it when its transaction commits.
 *
 * @param name SQL of the subscription's name
 */
export function tellSteered({ channel }: SchemaName, name: string): string {
  return `pg_catalog.pg_notify('${channel}', '${STEERED}' || ${name})`
}

/** The subscription that was steered; undefined where appends are told of. */
export function steeredBy(payload: string | undefined): string | undefined {
  return payload?.startsWith(STEERED) ? payload.slice(STEERED.length) : undefined
}
