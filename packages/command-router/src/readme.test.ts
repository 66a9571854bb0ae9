import { Aggregate, Aggregates, Apply, aggregateOf, decided, Handle, type Handling } from '@writ/aggregate'
import { Command, DomainError, Event, EventTypes } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { z } from 'zod'
import { CommandHandler, CommandRouter, commandHandlerOf, type Middleware, routesOf } from './index.js'

class AccountOpened extends Event('account-opened', z.object({ account: z.string(), email: z.email() }), {
  tags: ({ email }) => [`email:${email}`],
}) {}
class AccountClosed extends Event('account-closed', z.object({ account: z.string() })) {}
class OpenAccount extends Command('open-account', z.object({ account: z.string(), email: z.email() }), {
  result: z.object({ account: z.string() }),
}) {}
class CloseAccount extends Command('close-account', z.object({ account: z.string() })) {}

@Aggregate({ category: 'account', identity: 'account' })
class Account {
  status: 'absent' | 'open' | 'closed' = 'absent'

  @Handle(CloseAccount)
  close({ account }: CloseAccount) {
    return this.status === 'open' ? new AccountClosed({ account }) : undefined
  }

  @Apply(AccountOpened)
  opened(_event: AccountOpened) {
    this.status = 'open'
  }

  @Apply(AccountClosed)
  closed(_event: AccountClosed) {
    this.status = 'closed'
  }
}

// #region handler
@CommandHandler(OpenAccount, { aggregate: Account, boundary: ({ email }) => ({ tags: [`email:${email}`] }) })
class OpenAccountHandler {
  handle(_account: Account, { account, email }: OpenAccount, { boundary }: Handling) {
    // Whatever is tagged with this e-mail, in any account; if more comes before this is stored, it decides again.
    if (boundary.length > 0) throw new DomainError('email-taken', 'Somebody has an account with this e-mail.', { email })
    return decided(new AccountOpened({ account, email }), { account })
  }
}
// #endregion

describe('the README of the command router', () => {
  it('routes, dispatches, and keeps an e-mail unique', async () => {
    const store = inMemoryEventStore()
    await store.start()
    const events = new EventTypes([AccountOpened, AccountClosed])
    const seen: string[] = []
    // #region middleware
    const watch: Middleware = async (dispatch, next) => {
      dispatch.actor ??= 'somebody'
      try {
        return await next()
      } finally {
        seen.push(dispatch.stream)
      }
    }
    // #endregion
    // #region dispatch
    const router = new CommandRouter({
      aggregates: new Aggregates({ store, events }),
      routes: [
        ...routesOf(aggregateOf(Account)),
        commandHandlerOf(OpenAccountHandler, () => new OpenAccountHandler(), aggregateOf),
      ],
      middleware: [watch],
    })
    const command = new OpenAccount({ account: '42', email: 'ann@example.com' })
    const { version, position, result } = await router.dispatch(command, { idempotencyKey: 'from the request' })
    // #endregion
    expect({ version, position, result }).toEqual({ version: 1, position: 1, result: { account: '42' } })
    await expect(router.dispatch(new OpenAccount({ account: '43', email: 'ann@example.com' }))).rejects.toMatchObject({
      code: 'email-taken',
    })
    expect(await router.dispatch(new CloseAccount({ account: '42' }))).toMatchObject({ version: 2 })
    expect(seen).toEqual(['account-42', 'account-43', 'account-42'])
  })
})
