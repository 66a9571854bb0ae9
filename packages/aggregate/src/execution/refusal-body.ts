import { type DomainError, type JsonObject, thrownMessage, toPlainJson } from '@writ/event-store'

/** What a receipt says of a refusal. */
export interface RefusalBody {
  readonly code: string
  readonly message: string
  readonly facts: JsonObject
}

/** @throws ValueNotStorableError for facts that are no plain JSON: a subclass may have put its own in their place */
export function refusalBody(refusal: DomainError): RefusalBody {
  const { code, facts } = refusal
  return { code, message: thrownMessage(refusal), facts: toPlainJson(facts, `facts of ${code}`) as JsonObject }
}
