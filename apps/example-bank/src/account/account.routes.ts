import type { Moment } from '@writ/aggregate'
import type { Application } from '@writ/application'
import { hasCode } from '@writ/event-store'
import { type Context, Hono } from 'hono'
import { Idempotency } from '../http/idempotency.js'
import { readJson } from '../http/json-body.js'
import { answerAt, visible } from '../http/positions.js'
import { notFound, Problem } from '../http/problem.js'
import { readQuery } from '../http/query.js'
import { ownerOnly } from '../session/authenticate.js'
import { SessionTokens } from '../session/session-tokens.js'
import { DepositMoney, OpenAccount, VerifyAccount, WithdrawMoney } from './account.commands.js'
import { Account } from './account.js'
import { Movement, Opening, Reading } from './account.operations.js'
import { ACCOUNT_BALANCES, AccountBalances } from './account-balances.js'
import { AccountNumber, AccountNumbers } from './account-number.js'

/** With ten million accounts, one number in a thousand that is drawn is in use; five in a row never are. */
const DRAWS = 5

export function accountRoutes(bank: Application): Hono {
  const numbers = bank.get(AccountNumbers)
  const balances = bank.get(AccountBalances)
  const idempotency = bank.get(Idempotency)
  const owner = ownerOnly(bank.get(SessionTokens))

  return new Hono()
    .post('/', async (c) => {
      const opening = await readJson(c, Opening)
      const options = idempotency.of(c, 'open-account', opening)
      const { result, position } = await withFreeNumber((account) =>
        bank.dispatch(new OpenAccount({ account, ...opening }), options),
      )
      return answerAt(c, bank, position, result, 201)
    })

    .get('/verify', async (c) => {
      // hono answers HEAD through the GET route; whoever only asks whether a link is alive must not use it up.
      if (c.req.raw.method === 'HEAD')
        throw new Problem(405, 'method-not-allowed', 'Open the link with GET.', { headers: { Allow: 'GET' } })
      const account = AccountNumber.safeParse(c.req.query('account')).data
      const code = c.req.query('code')
      if (account === undefined || code === undefined || code.length > 200) {
        throw new Problem(400, 'wrong-verification-code', 'The link is wrong: open the one from the newest mail, all of it.')
      }
      const { position } = await bank.dispatch(new VerifyAccount({ account, code }))
      return answerAt(c, bank, position, { account, status: 'verified' })
    })

    .get('/:account', owner, visible(bank, [ACCOUNT_BALANCES]), async (c) => {
      const account = c.req.param('account')
      const { at } = readQuery(c, Reading)
      if (at) return asOf(c, account, at)
      const found = await balances.find(account)
      if (!found)
        throw notFound('This account is not to be seen yet. Send `Writ-Wait-For` with the position that its opening answered.')
      const { position, ...balance } = found
      return answerAt(c, bank, position, balance)
    })

    .post('/:account/deposits', owner, async (c) => {
      const account = c.req.param('account')
      const movement = await readJson(c, Movement)
      const { result, version, position } = await bank.dispatch(new DepositMoney({ account, ...movement }), {
        ...idempotency.of(c, `deposit-money:${account}`, movement),
        actor: account,
      })
      return answerAt(c, bank, position, { ...result, version, position })
    })

    .post('/:account/withdrawals', owner, async (c) => {
      const account = c.req.param('account')
      const movement = await readJson(c, Movement)
      const { result, version, position } = await bank.dispatch(new WithdrawMoney({ account, ...movement }), {
        ...idempotency.of(c, `withdraw-money:${account}`, movement),
        actor: account,
      })
      return answerAt(c, bank, position, { ...result, version, position })
    })

  // #region as-of
  /** From the account's own events: a read model only knows how things are now. */
  async function asOf(c: Context, account: string, at: Moment): Promise<Response> {
    const { state, version, position } = await bank.stateOf(Account, account, { at })
    const { owner, status, balance } = state
    if (status === 'absent') throw notFound('The account was not open then.')
    if (version < (at.version ?? 0)) throw notFound(`The account has not come to version ${at.version}; it is at ${version}.`)
    return answerAt(c, bank, position, { account, owner, status, balance, version })
  }
  // #endregion as-of

  async function withFreeNumber<T>(open: (account: string) => Promise<T>): Promise<T> {
    for (let draw = 1; ; draw++) {
      try {
        return await open(numbers.next())
      } catch (error) {
        if (!hasCode(error, 'account-number-taken') || draw === DRAWS) throw error
      }
    }
  }
}
