// #region module
import { type Lifespans } from '@writ/aggregate'
import { Application, type ApplicationOptions, module } from '@writ/application'
import { causedBy, forCommands, type Middleware, route, withMiddleware } from '@writ/command-router'
import { eventHandler, on } from '@writ/event-handler'
import type { EventStore } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { Account, DepositMoney, MoneyDeposited, OpenAccountHandler, PinHasher, purse, WithdrawMoney } from './bank.js'

export const bank = module({
  name: 'bank',
  aggregates: [Account],
  commandHandlers: [OpenAccountHandler],
  bindings: (container) => void container.bind(PinHasher).toSelf(),
})
// #endregion module

// #region modules
export const branchOffice = module({
  name: 'branch-office',
  // Around what this module and those in it handle, and of that around these commands alone.
  middleware: [forCommands([WithdrawMoney], onlyByDay)],
  modules: [bank],
})
// #endregion modules

// #region routes
export const tenantPurses = withMiddleware(
  [onlyByDay],
  [
    route(DepositMoney, { aggregate: purse, prefix: 'branch-7/' }),
    route(WithdrawMoney, { aggregate: purse, identity: ({ account }) => `branch-7/${account.toLowerCase()}` }),
  ],
)
// #endregion routes

export const doors = { areOpen: true }

async function onlyByDay(...[, next]: Parameters<Middleware>) {
  if (!doors.areOpen) throw new Error('Come back by day.')
  return next()
}

// #region middleware
const audited =
  (log: string[]): Middleware =>
  async (dispatch, next) => {
    if (dispatch.actor === undefined) throw new Error('Nobody is signed in.') // halted: nothing is stored
    dispatch.metadata = { ...dispatch.metadata, channel: 'teller' } // stored with every event
    try {
      const reply = await next()
      log.push(`${dispatch.actor} ${reply.stream} ${reply.version}`)
      return reply
    } catch (error) {
      log.push(`${dispatch.actor} was refused`) // a refusal, or a failure
      throw error
    }
  }
// #endregion middleware

// #region lifespans
export const shortLived: Lifespans = {
  afterEvent: (event) => (event instanceof MoneyDeposited ? 60_000 : 'forever'),
  afterError: () => 'stop',
}
// #endregion lifespans

export async function open(store: EventStore, log: string[] = []) {
  // #region application
  const app = await Application.create({
    store,
    modules: [bank],
    middleware: [audited(log)],
    dispatch: { timeout: 5_000, retries: 3, metadata: { region: 'eu' } },
  })
  await app.start()
  // #endregion application
  return app
}

export async function dispatches(app: Application) {
  // #region dispatch
  const { version, position } = await app.dispatch(new DepositMoney({ account: '42', amount: 500 }), { actor: 'ann' })
  const { result } = await app.dispatch(new WithdrawMoney({ account: '42', amount: 100 }), {
    actor: 'ann',
    correlationId: 'request-7',
    metadata: { ip: '::1' },
    timeout: 1_000,
  })
  const { events } = await app.dispatch(new DepositMoney({ account: '42', amount: 1 }), { actor: 'ann', returning: 'events' })
  const { state } = await app.dispatch(new DepositMoney({ account: '42', amount: 1 }), {
    actor: 'ann',
    returning: { state: Account },
  })
  // #endregion dispatch
  return { version, position, left: result.left, types: events.map(({ type }) => type), balance: state.balance }
}

export async function preview(app: Application) {
  // #region preview
  const elsewhere = inMemoryEventStore()
  await elsewhere.start()
  const account = 'new'
  await app.dispatch(new DepositMoney({ account, amount: 500 }), { actor: 'ann', store: elsewhere })
  const { result } = await app.dispatch(new WithdrawMoney({ account, amount: 100 }), { actor: 'ann', store: elsewhere })
  // #endregion preview
  return result.left
}

// #region test-configuration
export const inATest = (production: ApplicationOptions) =>
  Application.create(production, {
    store: inMemoryEventStore(),
    dispatch: { timeout: 1_000 },
    // Of one aggregate otherwise than it says itself: no snapshots, and nothing is kept in memory.
    aggregates: { byCategory: { account: { snapshotEvery: 'never', lifespan: 'stop' } } },
  })
// #endregion test-configuration

// #region caused-by
export const bonus = (app: () => Application) =>
  eventHandler({
    name: 'bonus',
    on: [
      on(MoneyDeposited, async ({ account, amount }, { event }) => {
        if (amount < 1_000) return
        // The same id at every delivery of this event: the bonus is paid once.
        await app().dispatch(new DepositMoney({ account, amount: 10 }), { ...causedBy(event), commandId: `bonus ${event.id}` })
      }),
    ],
  })
// #endregion caused-by
