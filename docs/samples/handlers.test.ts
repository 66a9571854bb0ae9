import { closingAfterEach } from '@writ/build-tools'
import 'reflect-metadata'
import { Application } from '@writ/application'
import { systemRuntime } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { DepositMoney, OpenAccount, WithdrawMoney } from './guides/bank.js'
import { outcome, stale, strong, token } from './handlers/consistency.js'
import { decide, look, open, patientAtNight, usual } from './handlers/failures.js'
import { bank, Outbox } from './handlers/handlers.js'

describe('the samples about handlers', () => {
  const closeLater = closingAfterEach()
  const start = async (outbox = new Outbox(), opened?: Application) => {
    const app = opened ?? (await Application.create({ store: inMemoryEventStore(), modules: [bank(outbox)] }))
    closeLater(() => app.stop())
    await app.start()
    return app
  }

  it('mail, one by one, side by side and in batches', async () => {
    const outbox = new Outbox()
    const app = await start(outbox)
    await app.dispatch(new OpenAccount({ account: '42', owner: 'Ann', pin: '1' }))
    for (const amount of [500, 600]) await app.dispatch(new DepositMoney({ account: '42', amount }))
    await app.dispatch(new WithdrawMoney({ account: '42', amount: 100 }))
    await app.settled()
    expect([...outbox.sent].sort()).toEqual([
      '42: 100 withdrawn',
      '42: 500 deposited',
      '42: 600 deposited',
      '42: Ann, your card is on its way',
      '42: Welcome, Ann',
    ])
    expect(outbox.bulks.reduce((sum, count) => sum + count, 0)).toBe(3)
  })

  it('put aside what fails, show it, edit it, try it again', async () => {
    const outbox = new Outbox()
    outbox.broken.add('42')
    const app = await start(outbox, await open(inMemoryEventStore(), outbox))
    await app.dispatch(new DepositMoney({ account: '42', amount: 500 }))
    await app.dispatch(new DepositMoney({ account: '44', amount: 500 }))
    for (const account of ['42', '42', '44']) await app.dispatch(new WithdrawMoney({ account, amount: 50 }))
    await app.settled()
    expect(outbox.sent).toContain('44: 50 withdrawn')
    // What only waits is written down with the next checkpoint.
    while ((await look(app)).length < 2) await systemRuntime.sleep(1)
    expect(await look(app)).toEqual([
      'account-42, version 2: The mailbox of 42 is full.',
      'account-42, version 4: waits behind another one',
    ])
    outbox.broken.clear()
    await decide(app)
    expect(outbox.sent.filter((mail) => mail.endsWith('50 withdrawn'))).toEqual([
      '44: 50 withdrawn',
      '43: 50 withdrawn',
      '42: 50 withdrawn',
    ])
    expect(await look(app)).toEqual([])
  })

  it('answer a failure with a policy of their own', () => {
    const at = (now: string) => ({ ...systemRuntime, now: () => Date.parse(now) })
    const failure = (attempt: number, actor = 'ann') =>
      ({ error: new Error(), attempt, history: [], subscription: 's', event: { metadata: { actor } } }) as never
    expect(patientAtNight(failure(1), at('2026-01-01T03:00:00Z'))).toEqual({ retryLater: 3_600_000 })
    expect(patientAtNight(failure(1), at('2026-01-01T12:00:00Z'))).toEqual({ retryIn: 100 })
    expect(patientAtNight(failure(3), at('2026-01-01T12:00:00Z'))).toBe('park')
    expect(patientAtNight(failure(1, 'import'), at('2026-01-01T12:00:00Z'))).toBe('skip')
    expect(usual(failure(8), systemRuntime)).toBe('stop')
  })

  it('wait for what was written, and are told what came of it', async () => {
    const outbox = new Outbox()
    const app = await start(outbox, await open(inMemoryEventStore(), outbox))
    await strong(app)
    expect(outbox.sent).toContain('42: 100 withdrawn')
    expect(await outcome(app)).toBe('seen')
    outbox.broken.add('42')
    expect(await outcome(app)).toBe('put aside by deposit-mails')
    const known = await token(app)
    expect(await stale(app, known)).toBe('there')
    expect(await stale(app, known.slice(1))).toBe('cut, changed or made up')
    expect(await stale(await start(), known)).toMatch(/^the log was restored/)
  })
})
