import { DomainError } from '@writ/event-store'

/** The same for a wrong password and for an account that is not there. */
export class WrongCredentials extends DomainError {
  constructor() {
    super('wrong-credentials', 'There is no account with this number and password.')
  }
}
