// Compiled, never run: what the compiler promises to whoever tests with the kit.
import type { Application } from '@writ/application'
import {
  Account,
  AccountNotOpen,
  AccountOpened,
  bank,
  DepositMoney,
  MoneyDeposited,
  TransferProcess,
  TransferRequested,
  till,
  type WithdrawMoney,
} from '../test/bank.js'
import { given, givenProcess, refuteReceived, testApplication, waitForEvent } from './index.js'

declare const app: Application
declare const opened: AccountOpened
declare const deposit: DepositMoney
declare const withdraw: WithdrawMoney

export async function givenWhenThen() {
  await given(Account, [opened]).when(deposit).thenResult({ balance: 5 }).thenState({ balance: 5 }).thenEvents([MoneyDeposited])
  await given(till).when(deposit).thenState({ cents: 5 })
  await given(Account)
    .when(deposit)
    .thenState(({ balance }) => void (balance satisfies number))
  await given(Account).when(deposit).thenRefused(AccountNotOpen)
  // @ts-expect-error the history is of events
  given(Account, [deposit])
  // @ts-expect-error what is asked is a command
  given(Account).when(opened)
  // @ts-expect-error the declared result has no such field
  given(Account).when(deposit).thenResult({ cents: 5 })
  // @ts-expect-error the state has no such field
  given(Account).when(deposit).thenState({ cents: 5 })
  // @ts-expect-error a command is no event
  given(Account).when(deposit).thenEvents([deposit])
  // @ts-expect-error the command declares no result
  given(Account).when(withdraw).thenResult({ balance: 5 })
  // @ts-expect-error nothing is expected yet, so there is nothing to await
  given(Account).when(deposit).then()
}

export async function processes() {
  const requested = new TransferRequested({ transfer: 't', from: 'a', to: 'b', amount: 1 })
  await givenProcess(TransferProcess, [requested])
    .whenRejected(deposit, new AccountNotOpen('b'))
    .thenCommands([deposit])
    .thenEnded()
  // @ts-expect-error only the domain rejects
  givenProcess(TransferProcess).whenRejected(deposit, new Error())
  // @ts-expect-error an event is no command
  givenProcess(TransferProcess).when(requested).thenCommands([requested])
}

export async function received() {
  const found = await waitForEvent(app, MoneyDeposited, { account: 'a' })
  const amount: number = found.data.amount
  await refuteReceived(app, MoneyDeposited, ({ account }, { position }) => account === 'a' && position > 1)
  // @ts-expect-error the event has no such field
  await waitForEvent(app, MoneyDeposited, { cents: 5 })
  // @ts-expect-error a command is never received
  await waitForEvent(app, DepositMoney)
  return amount
}

export async function applications() {
  const { runtime, place } = await testApplication({ modules: [bank] })
  await runtime.advance(1_000)
  // @ts-expect-error only PostgreSQL has a pool
  place.pool
  if (place.on === 'postgres') await place.pool.query('select 1')
  // @ts-expect-error there is no such store
  await testApplication({ modules: [bank], on: 'mongo' })
}
