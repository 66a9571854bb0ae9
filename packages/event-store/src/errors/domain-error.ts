import type { JsonObject } from '../messages/plain-json.js'
import { toPlainJson } from '../messages/plain-json.js'
import { lookedAt, thrownCode } from './thrown.js'
import { WritError } from './writ-error.js'

const domainError = Symbol.for('@writ/domain-error')

/**
 * The domain says no: a command handler throws it to refuse a command, and nothing is stored.
 *
 * Its code, message and facts are remembered in the receipt of a command with a given id, so facts are plain JSON.
 * Process managers get it in `@Rejected`.
 *
 * @example class AccountNotOpen extends DomainError { constructor(account: string) { super('account-not-open', `…`, { account }) } }
 */
export class DomainError<Code extends string = string> extends WritError<Code> {
  readonly facts: JsonObject

  constructor(code: Code, message: string, facts: JsonObject = {}) {
    super(code, message)
    this.facts = toPlainJson(facts, `facts of ${code}`) as JsonObject
  }

  /** Whether this is a refusal by the domain, also one that was made by a duplicate install. */
  static is(error: unknown): error is DomainError {
    if (typeof error !== 'object' || error === null) return false
    return lookedAt(() => (error as { [domainError]?: unknown })[domainError]) === true && thrownCode(error) !== undefined
  }
}

Object.defineProperty(DomainError.prototype, domainError, { value: true })
