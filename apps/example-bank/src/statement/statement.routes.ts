import { type Context, Hono } from 'hono'
import { accepts } from 'hono/accepts'
import { Account } from '../account/account.js'
import { notFound, Problem } from '../http/problem.js'
import { readQuery } from '../http/query.js'
import { ownerOnly } from '../session/authenticate.js'
import { SessionTokens } from '../session/session-tokens.js'
import { liveStatement, type Surroundings } from './live-statement.js'
import { After, PageQuery } from './statement.operations.js'
import { statementPage } from './statement-page.js'

export function statementRoutes(surroundings: Surroundings): Hono {
  const { bank } = surroundings

  return new Hono().get('/:account/statement', ownerOnly(bank.get(SessionTokens)), async (c) => {
    const account = c.req.param('account')
    const { after = 0, limit = 100 } = readQuery(c, PageQuery)
    const wanted = accepts(c, {
      header: 'Accept',
      supports: ['application/json', 'text/event-stream'],
      default: 'application/json',
    })
    c.header('Vary', 'Accept')
    // hono answers HEAD through the GET route, and never reads what comes: nothing to follow for.
    const isLive = wanted === 'text/event-stream' && c.req.raw.method !== 'HEAD'
    const start = await balanceAt(account, isLive ? (lastEventId(c) ?? after) : after)
    if (isLive) return liveStatement(c, surroundings, account, start)

    const { entries, isLast } = await statementPage(bank, account, start, limit)
    const next = `/api/accounts/${account}/statement?after=${entries.at(-1)?.version}&limit=${limit}`
    return c.json({ entries, ...(!isLast && { next }) }, 200, { 'Cache-Control': 'no-store' })
  })

  async function balanceAt(account: string, version: number) {
    const { state, version: reached } = await bank.stateOf(Account, account, { at: { version } })
    if (reached < version) throw notFound(`The account has not come to version ${version}; it is at ${reached}.`)
    return { version, balance: state.balance }
  }
}

/** Where a client that has been cut off goes on. */
function lastEventId(c: Context): number | undefined {
  const id = c.req.header('Last-Event-ID')
  if (id === undefined || id === '') return undefined
  const { data } = After.safeParse(id)
  if (data !== undefined) return data
  throw new Problem(400, 'invalid-last-event-id', 'Last-Event-ID takes the id of the last entry that was seen: its version.')
}
