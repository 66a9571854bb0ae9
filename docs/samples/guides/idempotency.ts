import type { Application } from '@writ/application'
import { hasCode } from '@writ/event-store'
import { BalanceTooLow, DepositMoney, WithdrawMoney } from './bank.js'

const actor = 'ann'

export async function repeated(app: Application) {
  // #region repeated
  const deposit = new DepositMoney({ account: '42', amount: 500 })
  const first = await app.dispatch(deposit, { actor, idempotencyKey: 'the key of the request' })
  const again = await app.dispatch(deposit, { actor, idempotencyKey: 'the key of the request' })
  // again is first, to the letter: nothing was done twice
  // #endregion repeated
  return { first, again }
}

export async function refusedTwice(app: Application) {
  const codes: string[] = []
  // #region refused
  const much = new WithdrawMoney({ account: '43', amount: 500 })
  for (const _time of ['first', 'second']) {
    try {
      await app.dispatch(much, { actor, commandId: 'withdrawal-1' })
    } catch (error) {
      if (!hasCode<BalanceTooLow>(error, 'balance-too-low')) throw error
      codes.push(error.code) // a refusal is remembered as well, also when there is money by now
    }
    await app.dispatch(new DepositMoney({ account: '43', amount: 1_000 }), { actor })
  }
  // #endregion refused
  return codes
}

export async function otherData(app: Application) {
  // #region other
  await app.dispatch(new DepositMoney({ account: '44', amount: 5 }), { actor, commandId: 'deposit-1' })
  return app
    .dispatch(new DepositMoney({ account: '44', amount: 6 }), { actor, commandId: 'deposit-1' })
    .catch((error) => error.code) // 'command-id-reused'
  // #endregion other
}
