// #region dispatch
import { Application, module } from '@writ/application'
import type { EventStore } from '@writ/event-store'
import { Account, DepositMoney, OpenAccount } from './account.js'

export async function run(store: EventStore) {
  const app = await Application.create({ store, modules: [module({ name: 'bank', aggregates: [Account] })] })
  await app.start()
  await app.dispatch(new OpenAccount({ account: '42', owner: 'Owner One' }))
  const { result, version, position } = await app.dispatch(new DepositMoney({ account: '42', amount: 500 }), {
    commandId: 'deposit-1',
  })
  await app.stop()
  return { result, version, position } // { result: { balance: 500 }, version: 2, position: 2 }
}
// #endregion dispatch
