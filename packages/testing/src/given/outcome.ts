import { type AnyEvent, DomainError, WritError } from '@writ/event-store'
import { printed } from '../difference.js'

/** What a command came to. */
export type Outcome<State = unknown> =
  | { readonly kind: 'accepted'; readonly events: readonly AnyEvent[]; readonly result: unknown; readonly state: State }
  | { readonly kind: 'refused'; readonly error: DomainError; readonly state: State }
  | { readonly kind: 'failed'; readonly error: unknown }

/** The same for a reader: what happened instead of what was expected. */
export function described(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'accepted':
      return outcome.events.length === 0
        ? 'It was accepted, and nothing happened.'
        : `It was accepted: ${printed(outcome.events)}`
    case 'refused':
      return `It was refused: ${describedError(outcome.error)}`
    case 'failed':
      return `It failed: ${describedError(outcome.error)}`
  }
}

export function describedError(error: unknown): string {
  if (!(error instanceof Error)) return printed(error)
  const facts = DomainError.is(error) && Object.keys(error.facts).length > 0 ? ` ${printed(error.facts)}` : ''
  const code = error instanceof WritError || DomainError.is(error) ? ` '${(error as WritError).code}'` : ''
  return `${error.name}${code}: ${error.message}${facts}`
}
