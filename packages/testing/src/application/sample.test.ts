import { bank, DepositMoney, MoneyDeposited, OpenAccount, RequestTransfer, TransferRefused } from '../../test/bank.js'
import { assertReceived, refuteReceived, settled, testApplication, testStore, waitForEvent } from '../index.js'

describe('the samples of the README', () => {
  // #region application
  it('moves money', async () => {
    const { app, runtime, stop } = await testApplication({ modules: [bank] }) // where, WRIT_TEST_STORE says
    for (const account of ['ann', 'bob']) {
      await app.dispatch(new OpenAccount({ account, email: `${account}@example.com` }))
      await app.dispatch(new DepositMoney({ account, amount: 100 }))
    }
    await app.dispatch(new RequestTransfer({ transfer: 't', from: 'ann', to: 'bob', amount: 30 }))
    const { data } = await assertReceived(app, MoneyDeposited, { account: 'bob', transfer: 't' })
    expect(data.amount).toBe(30)
    await refuteReceived(app, TransferRefused, { transfer: 't' })
    await runtime.skip(30 * 24 * 60 * 60 * 1000) // a month later
    await settled(app)
    await stop()
  })
  // #endregion application

  it('run on a store alone, too', async () => {
    // #region store
    const place = await testStore() // { on: 'postgres' } says it here
    const store = place.open() // for `Application.create({ store, … })`; opened again, it has the same data
    await store.start()
    if (place.on === 'postgres') await place.pool.query('create table notes (text text)') // in a schema of its own
    await store.stop()
    await place.close() // and it is dropped
    // #endregion store
    await place.close()
  })

  it('wait for what comes by itself', async () => {
    const { app, stop } = await testApplication({ modules: [bank] })
    const opening = async () => {
      await app.dispatch(new OpenAccount({ account: 'ann', email: 'ann@example.com' }))
      await app.dispatch(new DepositMoney({ account: 'ann', amount: 7 }))
    }
    void opening()
    // #region wait
    const paidIn = await waitForEvent(app, MoneyDeposited, ({ amount }) => amount > 5, { timeout: 2_000 })
    // #endregion wait
    expect(paidIn.position).toBe(2)
    await stop()
  })
})
