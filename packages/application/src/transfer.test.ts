// The transfer that process managers were designed for, compiled and run: the process, the accounts, the application around them.
import 'reflect-metadata'
import { Aggregate, Apply, Handle } from '@writ/aggregate'
import { Command, DomainError, Event } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { End, On, ProcessManager, Rejected, readJournal, Start } from '@writ/process-manager'
import { inject } from 'inversify'
import { z } from 'zod'
import { Application } from './application.js'
import { module } from './module.js'

const account = z.string()
const amount = z.int().positive()
const transfer = z.string()

class MoneyDeposited extends Event('money-deposited', z.object({ account, amount, transfer: transfer.optional() })) {}
class MoneyWithdrawn extends Event('money-withdrawn', z.object({ account, amount, transfer, to: account })) {}
class MoneyRefunded extends Event('money-refunded', z.object({ account, amount, transfer })) {}
class AccountClosed extends Event('account-closed', z.object({ account })) {}
class TransferRequested extends Event('transfer-requested', z.object({ transfer, from: account, to: account, amount })) {}
class TransferCompleted extends Event('transfer-completed', z.object({ transfer })) {}
class TransferRefused extends Event('transfer-refused', z.object({ transfer, reason: z.string() })) {}

class DepositMoney extends Command(
  'deposit-money',
  z.object({ account, amount, transfer: transfer.optional(), from: account.optional() }),
) {}
class WithdrawMoney extends Command('withdraw-money', z.object({ account, amount, transfer, to: account })) {}
class RefundMoney extends Command('refund-money', z.object({ account, amount, transfer })) {}
class CloseAccount extends Command('close-account', z.object({ account })) {}
class RequestTransfer extends Command('request-transfer', z.object({ transfer, from: account, to: account, amount })) {}
class CompleteTransfer extends Command('complete-transfer', z.object({ transfer })) {}
class RefuseTransfer extends Command('refuse-transfer', z.object({ transfer, reason: z.string() })) {}

class InsufficientFunds extends DomainError<'insufficient-funds'> {
  constructor(account: string) {
    super('insufficient-funds', `The account ${account} has not enough.`, { account })
  }
}
class AccountIsClosed extends DomainError<'account-closed'> {
  constructor(account: string) {
    super('account-closed', `The account ${account} is closed.`, { account })
  }
}

@Aggregate({ category: 'account', identity: 'account' })
class Account {
  balance = 0
  isClosed = false

  @Handle(DepositMoney)
  deposit({ account, amount, transfer }: DepositMoney) {
    if (this.isClosed) throw new AccountIsClosed(account)
    return new MoneyDeposited({ account, amount, transfer })
  }

  @Handle(WithdrawMoney)
  withdraw({ account, amount, transfer, to }: WithdrawMoney) {
    if (this.balance < amount) throw new InsufficientFunds(account)
    return new MoneyWithdrawn({ account, amount, transfer, to })
  }

  @Handle(RefundMoney)
  refund({ account, amount, transfer }: RefundMoney) {
    return new MoneyRefunded({ account, amount, transfer })
  }

  @Handle(CloseAccount)
  close({ account }: CloseAccount) {
    return new AccountClosed({ account })
  }

  @Apply(MoneyDeposited)
  deposited({ amount }: MoneyDeposited) {
    this.balance += amount
  }

  @Apply(MoneyWithdrawn)
  withdrawn({ amount }: MoneyWithdrawn) {
    this.balance -= amount
  }

  @Apply(MoneyRefunded)
  refunded({ amount }: MoneyRefunded) {
    this.balance += amount
  }

  @Apply(AccountClosed)
  closed() {
    this.isClosed = true
  }
}

@Aggregate({ category: 'transfer', identity: 'transfer' })
class Transfer {
  status = 'requested'

  @Handle(RequestTransfer)
  request({ transfer, from, to, amount }: RequestTransfer) {
    return new TransferRequested({ transfer, from, to, amount })
  }

  @Handle(CompleteTransfer)
  complete({ transfer }: CompleteTransfer) {
    return new TransferCompleted({ transfer })
  }

  @Handle(RefuseTransfer)
  refuse({ transfer, reason }: RefuseTransfer) {
    return new TransferRefused({ transfer, reason })
  }

  @Apply(TransferRequested)
  requested() {}

  @Apply(TransferCompleted)
  completed() {
    this.status = 'completed'
  }

  @Apply(TransferRefused)
  refused({ reason }: TransferRefused) {
    this.status = reason
  }
}

class Notes {
  readonly taken: string[] = []
}

@ProcessManager({ name: 'transfer', correlate: 'transfer', consistency: 'strong' }) // events without a transfer are not its own
class TransferProcess {
  constructor(@inject(Notes) private readonly notes: Notes) {}

  @Start(TransferRequested)
  requested({ transfer, from, to, amount }: TransferRequested) {
    return new WithdrawMoney({ account: from, amount, transfer, to })
  }

  @Rejected(WithdrawMoney)
  refused({ transfer }: WithdrawMoney, { code }: DomainError) {
    return new RefuseTransfer({ transfer, reason: code })
  }

  @On(MoneyWithdrawn)
  withdrawn({ account, to, amount, transfer }: MoneyWithdrawn) {
    return new DepositMoney({ account: to, amount, transfer, from: account })
  }

  @Rejected(DepositMoney)
  bounced({ transfer, amount, from }: DepositMoney, { code }: DomainError) {
    this.notes.taken.push(code)
    return [
      new RefundMoney({ account: from!, amount, transfer: transfer! }),
      new RefuseTransfer({ transfer: transfer!, reason: code }),
    ]
  }

  @End(MoneyDeposited)
  done({ transfer }: MoneyDeposited) {
    return new CompleteTransfer({ transfer: transfer! })
  }

  @End(MoneyRefunded)
  refunded(_event: MoneyRefunded) {}
}

const bank = module({
  name: 'bank',
  aggregates: [Account, Transfer],
  processManagers: [TransferProcess],
  bindings: (container) => void container.bind(Notes).toSelf(),
})

describe('a transfer in an application', () => {
  const store = inMemoryEventStore()
  let app: Application

  beforeAll(async () => {
    app = await Application.create({ store, modules: [bank] })
    await app.start()
    for (const account of ['ann', 'bob', 'closed']) await app.dispatch(new DepositMoney({ account, amount: 100 }))
    await app.dispatch(new CloseAccount({ account: 'closed' }))
  })
  afterAll(() => app.stop())

  const request = async (transfer: string, from: string, to: string, amount: number) => {
    await app.dispatch(new RequestTransfer({ transfer, from, to, amount }))
    // Its own commands make events that it waits for in turn.
    while ((await app.stateOf(Transfer, transfer)).state.status === 'requested') await new Promise(setImmediate)
    return (await app.stateOf(Transfer, transfer)).state.status
  }
  const balance = async (account: string) => (await app.stateOf(Account, account)).state.balance

  it('is completed when both accounts agree', async () => {
    expect(await request('t1', 'ann', 'bob', 30)).toBe('completed')
    expect([await balance('ann'), await balance('bob')]).toEqual([70, 130])
  })

  it('is refused when there is not enough', async () => {
    expect(await request('t2', 'bob', 'ann', 500)).toBe('insufficient-funds')
    expect([await balance('ann'), await balance('bob')]).toEqual([70, 130])
  })

  it('is paid back when the other account is closed', async () => {
    expect(await request('t3', 'ann', 'closed', 30)).toBe('account-closed')
    expect(await balance('ann')).toBe(70)
    expect(app.get(Notes).taken).toEqual(['account-closed'])
  })

  it('carries correlation and causes from event to command to event', async () => {
    await app.dispatch(new RequestTransfer({ transfer: 't4', from: 'ann', to: 'bob', amount: 1 }), {
      correlationId: 'request-4',
      actor: 'ann',
    })
    await app.waitFor((await store.head()).position)
    const events = []
    for await (const page of store.readAll()) events.push(...page.filter(({ data }) => data.includes('"t4"')))
    const requested = events.find(({ type }) => type === 'transfer-requested')!
    const withdrawn = events.find(({ type }) => type === 'money-withdrawn')!
    const [journaled] = await readJournal(store, 'transfer', 't4')
    expect(JSON.parse(withdrawn.metadata)).toEqual({
      correlationId: 'request-4',
      causationId: journaled!.commands[0]!.id,
      commandCausationId: requested.id,
      causationDepth: 1,
      actor: 'ann',
    })
  })

  it('goes on while the application stops, for as long as it has commands to finish', async () => {
    const log = new InMemoryLog()
    let finish = () => {}
    const held = new Promise<void>((resolve) => {
      finish = resolve
    })
    const stopping = await Application.create({
      store: inMemoryEventStore({ log }),
      modules: [bank],
      middleware: [
        async ({ command }, next) => {
          if (command instanceof CloseAccount) await held
          return next()
        },
      ],
    })
    await stopping.start()
    await stopping.dispatch(new DepositMoney({ account: 'ann', amount: 100 }))
    const closed = stopping.dispatch(new CloseAccount({ account: 'old' }))
    await stopping.dispatch(new RequestTransfer({ transfer: 't1', from: 'ann', to: 'bob', amount: 30 }))
    const stopped = stopping.stop()
    const types = () => log.events.map(({ type }) => type)
    while (!types().includes('transfer-completed')) await new Promise(setImmediate)
    finish()
    await closed
    await stopped
    expect(types().filter((type) => type.startsWith('money'))).toEqual(['money-deposited', 'money-withdrawn', 'money-deposited'])
  })

  it('stays refused when the target has changed since, and a process that was left behind sends the command again', async () => {
    expect(await request('t7', 'bob', 'ann', 5_000)).toBe('insufficient-funds')
    const [journaled] = await readJournal(store, 'transfer', 't7')
    const { id, type } = journaled!.commands[0]!
    expect(type).toBe('withdraw-money')
    await app.dispatch(new DepositMoney({ account: 'bob', amount: 10_000 }))
    const { version } = await app.stateOf(Account, 'bob')
    const again = app.dispatch(new WithdrawMoney({ account: 'bob', amount: 5_000, transfer: 't7', to: 'ann' }), {
      commandId: id,
      fingerprint: id,
    })
    await expect(again).rejects.toMatchObject({ code: 'insufficient-funds', facts: { account: 'bob' } })
    expect((await app.stateOf(Account, 'bob')).version).toBe(version)
  })

  it('is listed and waited for like every subscription', async () => {
    const { subscriptions } = await app.health()
    expect(subscriptions).toMatchObject([{ name: 'transfer', state: 'running' }])
  })
})
