import type { Application } from '@writ/application'
import type { CommittedButParkedError, NotYetVisibleError } from '@writ/event-handler'
import { hasCode } from '@writ/event-store'
import { DepositMoney, WithdrawMoney } from '../guides/bank.js'

export async function strong(app: Application) {
  // #region strong
  await app.dispatch(new DepositMoney({ account: '42', amount: 500 }), { consistency: 'strong' })
  await app.dispatch(new WithdrawMoney({ account: '42', amount: 100 }), { consistency: ['withdrawal-mails'], timeout: 2_000 })
  // #endregion strong
}

export async function outcome(app: Application): Promise<string> {
  const deposit = new DepositMoney({ account: '42', amount: 500 })
  // #region outcome
  try {
    await app.dispatch(deposit, { consistency: ['deposit-mails'], timeout: 500 })
    return 'seen'
  } catch (error) {
    // Both say: it is stored. Neither is a reason to repeat the command.
    if (hasCode<NotYetVisibleError>(error, 'committed-not-yet-visible')) return `later: ${error.handlers}`
    if (hasCode<CommittedButParkedError>(error, 'committed-but-parked')) return `put aside by ${error.handlers}`
    throw error
  }
  // #endregion outcome
}

export async function token(app: Application): Promise<string> {
  // #region token
  const { position } = await app.dispatch(new DepositMoney({ account: '42', amount: 500 }))
  const token = app.positionToken(position) // into a header, a link, a cookie

  // A later request, in any process:
  await app.waitFor(token, { handlers: ['withdrawal-mails'], timeout: 5_000 })
  // #endregion token
  return token
}

export async function stale(app: Application, token: string): Promise<string> {
  // #region stale
  try {
    await app.waitFor(token)
    return 'there'
  } catch (error) {
    if (hasCode(error, 'stale-position-token')) return 'the log was restored or replaced: drop the token'
    if (hasCode(error, 'invalid-position-token')) return 'cut, changed or made up'
    throw error
  }
  // #endregion stale
}
