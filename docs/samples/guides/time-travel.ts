import type { Application } from '@writ/application'
import { Account, DepositMoney, WithdrawMoney } from './bank.js'

const actor = 'ann'

export async function look(app: Application, before: Date) {
  // #region states
  const now = await app.stateOf(Account, '42')
  const atVersion = await app.stateOf(Account, '42', { at: { version: 1 } })
  const atPosition = await app.stateOf(Account, '42', { at: { position: 2 } })
  const atDate = await app.stateOf(Account, '42', { at: { date: before } })
  // #endregion states
  return [now, atVersion, atPosition, atDate].map(({ version, state }) => [version, state.balance])
}

export async function tell(app: Application) {
  const told: string[] = []
  // #region history
  for await (const { event, changes } of app.historyOf(Account, '42')) {
    for (const { path, before, after } of changes) told.push(`${event.type}: ${path.join('.')} ${before} → ${after}`)
  }
  // #endregion history
  return told
}

export async function whatIf(app: Application) {
  // #region branch
  const what = await app.branch()
  await what.app.dispatch(new WithdrawMoney({ account: '42', amount: 100 }), { actor })
  const changes = await what.changesOf(Account, '42') // [{ path: ['balance'], kind: 'changed', before: 600, after: 499 }]
  const happened: string[] = []
  for await (const { type } of what.events()) happened.push(type)
  await what.discard()
  // #endregion branch
  return { changes, happened }
}

export async function whatIfThen(app: Application) {
  // #region past
  const what = await app.branch({ at: { position: 1 } }) // as if only the first event had happened
  const { version } = await what.app.dispatch(new DepositMoney({ account: '42', amount: 1 }), { actor })
  await what.discard()
  // #endregion past
  return version
}
