import { upcaster } from '@writ/event-store'
import { on, processManager, start } from '@writ/process-manager'
import {
  AccountNotOpen,
  DepositMoney,
  InsufficientFunds,
  MoneyDeposited,
  MoneyWithdrawn,
  RefuseTransfer,
  TransferProcess,
  TransferRequested,
  WithdrawMoney,
} from '../../test/bank.js'
import { failureOf } from '../../test/failure-of.js'
import { givenProcess } from '../index.js'

const requested = new TransferRequested({ transfer: 't', from: '42', to: '7', amount: 500 })
const withdraw = new WithdrawMoney({ account: '42', amount: 500, transfer: 't' })
const withdrawn = new MoneyWithdrawn({ account: '42', amount: 500, transfer: 't' })
const deposit = new DepositMoney({ account: '7', amount: 500, transfer: 't' })
const refund = new DepositMoney({ account: '42', amount: 500, transfer: 't' })
const deposited = new MoneyDeposited({ account: '7', amount: 500, transfer: 't' })
const refused = (reason: string) => new RefuseTransfer({ transfer: 't', reason })

describe('given, when, then for a process manager', () => {
  // #region process
  it('moves money from one account to the other', async () => {
    await givenProcess(TransferProcess, [requested]).when(withdrawn).thenCommands([deposit])
    await givenProcess(TransferProcess, [requested, withdrawn]).when(deposited).thenNothing().thenEnded()
  })

  it('is refused where there is not enough', async () => {
    await givenProcess(TransferProcess, [requested])
      .whenRejected(withdraw, new InsufficientFunds(5))
      .thenCommands([new RefuseTransfer({ transfer: 't', reason: 'insufficient-funds' })])
  })
  // #endregion process

  it('handles what earlier years have stored, part after part', async () => {
    const old = { type: 'transfer-made', schemaVersion: 1, data: { transfer: 't', from: '42', to: '7', amount: 500 } }
    const upcasters = [
      upcaster({
        from: { type: 'transfer-made', schemaVersion: 1 },
        to: [TransferRequested, MoneyWithdrawn],
        upcast: (data: { transfer: string; from: string; to: string; amount: number }) => [
          { 'transfer-requested': data },
          { 'money-withdrawn': { account: data.from, amount: data.amount, transfer: data.transfer } },
        ],
      }),
    ]
    await givenProcess(TransferProcess, [], { upcasters }).when(old).thenCommands([withdraw, deposit])
    await givenProcess(TransferProcess, [old], { upcasters }).when(deposited).thenNothing().thenEnded()
  })

  it('begins with its first event', async () => {
    await givenProcess(TransferProcess).when(requested).thenCommands([withdraw])
  })

  it('follows a refusal of one of several steps', async () => {
    const bounced = new AccountNotOpen('7')
    await givenProcess(TransferProcess, [requested, withdrawn])
      .whenRejected(deposit, bounced)
      .thenCommands([refund, refused('account-not-open')])
    await givenProcess(TransferProcess, [requested, withdrawn])
      .andRejected(deposit, bounced)
      .when(new MoneyDeposited({ account: '42', amount: 500, transfer: 't' }))
      .thenNothing()
      .thenEnded()
  })

  it('leaves events alone that are not its own', async () => {
    await givenProcess(TransferProcess).when(withdrawn).thenNothing()
    await givenProcess(TransferProcess, [requested])
      .when(new MoneyWithdrawn({ account: '42', amount: 1 }))
      .thenNothing()
    await givenProcess(TransferProcess, [requested, deposited]).when(withdrawn).thenNothing()
  })

  it('takes instances with their services, and values', async () => {
    await givenProcess(new TransferProcess(), [requested]).when(withdrawn).thenCommands([deposit])
    let asked = 0
    const value = processManager<number>({
      name: 'value',
      correlate: 'transfer',
      initialState: 0,
      reactions: [
        start(TransferRequested, (_event, { state }) => ({ state: state + 1 })),
        on(MoneyWithdrawn, ({ account }, { state }) => {
          asked++
          return new DepositMoney({ account, amount: state })
        }),
      ],
    })
    await givenProcess(value, [requested])
      .when(withdrawn)
      .thenCommands([new DepositMoney({ account: '42', amount: 1 })])
    expect(asked).toBe(1)
  })
})

describe('the message of an expectation on a process that is not met', () => {
  it('shows the commands that differ', async () => {
    const failure = await failureOf(givenProcess(TransferProcess, [requested]).when(withdrawn).thenCommands([refund]))
    expect(failure.message).toMatchInlineSnapshot(`
"transfer, MoneyWithdrawn: Other commands were sent:

- Expected
+ Received

  Array [
    DepositMoney {
-     "account": "42",
+     "account": "7",
      "amount": 500,
      "transfer": "t",
    },
  ]"
`)
  })

  it('shows the commands where none was to be sent', async () => {
    const failure = await failureOf(givenProcess(TransferProcess).when(requested).thenNothing())
    expect(failure.message).toMatchInlineSnapshot(
      `"transfer, TransferRequested: No command was to be sent. These were: [ WithdrawMoney { account: '42', amount: 500, transfer: 't' } ]"`,
    )
  })

  it('says that the process goes on', async () => {
    const failure = await failureOf(givenProcess(TransferProcess).when(requested).thenEnded())
    expect(failure.message).toBe('transfer, TransferRequested: The process was to end, and still goes on.')
  })

  it('says that a command was never sent, and which were', async () => {
    const rejection = givenProcess(TransferProcess, [requested]).whenRejected(deposit, new AccountNotOpen('7'))
    expect((await failureOf(rejection.thenNothing())).message).toMatchInlineSnapshot(
      `"transfer, DepositMoney rejected: The rejected command was never sent: DepositMoney { account: '7', amount: 500, transfer: 't' }. Sent were [ WithdrawMoney { account: '42', amount: 500, transfer: 't' } ]."`,
    )
  })

  it('shows what the process failed with', async () => {
    const broken = processManager({
      name: 'broken',
      correlate: 'transfer',
      reactions: [
        start(TransferRequested, () => {
          throw new Error('out of order')
        }),
      ],
    })
    const failure = await failureOf(givenProcess(broken).when(requested).thenCommands([]))
    expect(failure.message).toBe('broken, TransferRequested: The process failed: Error: out of order')
    expect(failure.cause).toMatchObject({ message: 'out of order' })
  })
})
