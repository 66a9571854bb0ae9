import { DomainError, WritError } from '@writ/event-store'

export class EmailTaken extends DomainError {
  constructor() {
    super('email-taken', 'This e-mail address has an account already.')
  }
}

/** The same for an account that is not there: the answer tells nobody which numbers exist. */
export class WrongVerificationCode extends DomainError {
  constructor() {
    super('wrong-verification-code', 'The link is wrong: open the one from the newest mail, all of it.')
  }
}

export class AccountAlreadyVerified extends DomainError {
  constructor(account: string) {
    super('account-already-verified', 'The link has been used: the account is verified.', { account })
  }
}

export class AccountNotVerified extends DomainError {
  constructor(account: string) {
    super('account-not-verified', 'The account can not move money before it is verified: open the link in the mail.', { account })
  }
}

export class InsufficientFunds extends DomainError {
  constructor(balance: number, amount: number) {
    super('insufficient-funds', 'The account holds less than this amount.', { balance, amount })
  }
}

export class BalanceTooGreat extends DomainError {
  constructor(balance: number, amount: number) {
    super('balance-too-great', 'The bank keeps no more than ten billion dollars in one account.', { balance, amount })
  }
}

/**
 * A number that was drawn belongs to somebody. A failure and no refusal: nothing is remembered, so the same request can draw again.
 */
export class AccountNumberTaken extends WritError<'account-number-taken'> {
  constructor(readonly account: string) {
    super('account-number-taken', `The account number ${account} is in use; draw another one.`)
  }
}
