import 'reflect-metadata'
import { Aggregate, Apply, aggregate, decided, Handle, type Handling } from '@writ/aggregate'
import { module } from '@writ/application'
import { CommandHandler } from '@writ/command-router'
import { Command, DomainError, Event, WritError } from '@writ/event-store'
import { End, On, ProcessManager, Rejected, Start } from '@writ/process-manager'
import { inject } from 'inversify'
import { z } from 'zod'

// A bank as small as can be, for the kit's own tests and for the samples of its README.

const Cents = z.int().positive()
const Opening = z.object({ account: z.string(), email: z.string() })

export class AccountOpened extends Event('account-opened', Opening, { tags: ({ email }) => [`email:${email}`] }) {}
const Movement = z.object({ account: z.string(), amount: Cents, transfer: z.string().optional() })
export class MoneyDeposited extends Event('money-deposited', Movement) {}
export class MoneyWithdrawn extends Event('money-withdrawn', Movement) {}

export class OpenAccount extends Command('open-account', Opening) {}
export class DepositMoney extends Command('deposit-money', Movement, { result: z.object({ balance: z.int() }) }) {}
export class WithdrawMoney extends Command('withdraw-money', Movement) {}
export class AuditAccount extends Command('audit-account', z.object({ account: z.string() })) {}

export class AccountNotOpen extends DomainError<'account-not-open'> {
  constructor(account: string) {
    super('account-not-open', `The account ${account} is not open.`, { account })
  }
}
export class InsufficientFunds extends DomainError<'insufficient-funds'> {
  constructor(balance: number) {
    super('insufficient-funds', 'The account holds less than this.', { balance })
  }
}
export class EmailTaken extends DomainError<'email-taken'> {
  constructor() {
    super('email-taken', 'This e-mail address has an account already.')
  }
}
export class AuditorAsleep extends WritError<'auditor-asleep'> {
  constructor() {
    super('auditor-asleep', 'The auditor is asleep.')
  }
}

@Aggregate({ category: 'account', identity: 'account' })
export class Account {
  status: 'absent' | 'open' = 'absent'
  balance = 0

  @Handle(DepositMoney)
  deposit({ account, amount, transfer }: DepositMoney) {
    if (this.status !== 'open') throw new AccountNotOpen(account)
    return decided(new MoneyDeposited({ account, amount, transfer }), { balance: this.balance + amount })
  }

  @Handle(WithdrawMoney)
  withdraw({ account, amount, transfer }: WithdrawMoney) {
    if (this.balance < amount) throw new InsufficientFunds(this.balance)
    return new MoneyWithdrawn({ account, amount, transfer })
  }

  @Handle(AuditAccount)
  audit() {
    throw new AuditorAsleep()
  }

  @Apply(AccountOpened)
  opened() {
    this.status = 'open'
  }

  @Apply(MoneyDeposited)
  deposited({ amount }: MoneyDeposited) {
    this.balance += amount
  }

  @Apply(MoneyWithdrawn)
  withdrawn({ amount }: MoneyWithdrawn) {
    this.balance -= amount
  }
}

/** Knows which addresses can't be true. */
export class EmailChecks {
  async isTrue(email: string): Promise<boolean> {
    return email.includes('@')
  }
}

@CommandHandler(OpenAccount, { aggregate: Account, boundary: ({ email }) => ({ tags: [`email:${email}`] }) })
export class OpenAccountHandler {
  constructor(@inject(EmailChecks) private readonly emails: EmailChecks) {}

  async handle({ status }: Account, { account, email }: OpenAccount, { boundary }: Handling) {
    if (status === 'open') return undefined
    if (boundary.length > 0 || !(await this.emails.isTrue(email))) throw new EmailTaken()
    return new AccountOpened({ account, email })
  }
}

// The same, shorter, without decorators.
export const till = aggregate({
  category: 'till',
  identity: 'account',
  commands: [DepositMoney],
  events: [MoneyDeposited],
  initialState: { cents: 0 },
  decide: {
    'deposit-money': ({ cents }, { account, amount }) =>
      decided(new MoneyDeposited({ account, amount }), { balance: cents + amount }),
  },
  evolve: { 'money-deposited': ({ cents }, { amount }) => ({ cents: cents + amount }) },
})

export class TransferRequested extends Event(
  'transfer-requested',
  z.object({ transfer: z.string(), from: z.string(), to: z.string(), amount: Cents }),
) {}
export class TransferRefused extends Event('transfer-refused', z.object({ transfer: z.string(), reason: z.string() })) {}

export class RequestTransfer extends Command(
  'request-transfer',
  z.object({ transfer: z.string(), from: z.string(), to: z.string(), amount: Cents }),
) {}
export class RefuseTransfer extends Command('refuse-transfer', z.object({ transfer: z.string(), reason: z.string() })) {}

@Aggregate({ category: 'transfer', identity: 'transfer' })
class Transfer {
  @Handle(RequestTransfer)
  request(command: RequestTransfer) {
    return new TransferRequested({ ...command })
  }

  @Handle(RefuseTransfer)
  refuse(command: RefuseTransfer) {
    return new TransferRefused({ ...command })
  }

  @Apply(TransferRequested)
  requested() {}

  @Apply(TransferRefused)
  refused() {}
}

@ProcessManager({ name: 'transfer', correlate: 'transfer' })
export class TransferProcess {
  private from = ''
  private to = ''

  @Start(TransferRequested)
  requested({ transfer, from, to, amount }: TransferRequested) {
    this.from = from
    this.to = to
    return new WithdrawMoney({ account: from, amount, transfer })
  }

  @Rejected(WithdrawMoney)
  refused({ transfer }: WithdrawMoney, { code }: DomainError) {
    return new RefuseTransfer({ transfer: transfer!, reason: code })
  }

  @On(MoneyWithdrawn)
  withdrawn({ amount, transfer }: MoneyWithdrawn) {
    return new DepositMoney({ account: this.to, amount, transfer })
  }

  @Rejected(DepositMoney)
  bounced({ amount, transfer }: DepositMoney, { code }: DomainError) {
    return [new DepositMoney({ account: this.from, amount, transfer }), new RefuseTransfer({ transfer: transfer!, reason: code })]
  }

  @End(MoneyDeposited)
  done(_event: MoneyDeposited) {}
}

export const bank = module({
  name: 'bank',
  aggregates: [Account, Transfer],
  commandHandlers: [OpenAccountHandler],
  processManagers: [TransferProcess],
  bindings: (container) => void container.bind(EmailChecks).toSelf(),
})
