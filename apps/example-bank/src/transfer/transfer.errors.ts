import { DomainError } from '@writ/event-store'

export class TransferToItself extends DomainError {
  constructor(account: string) {
    super('transfer-to-itself', 'A transfer goes from one account to another.', { account })
  }
}

/** Each transfer is requested once, and ends once. */
export class TransferAlready extends DomainError {
  constructor(transfer: string, status: string) {
    super('transfer-already', `The transfer is ${status} already.`, { transfer, status })
  }
}
