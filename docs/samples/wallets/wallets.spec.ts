import { equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DomainError } from '@writ/event-store'
import { given, givenProcess, settled, testApplication } from '@writ/testing'
import { Balances } from './balances.js'
import { Transfer } from './transfer.js'
import { MoneyReturned, MoneySent, OpenWallet, ReceiveMoney, ReturnMoney, SendMoney, Wallet, WalletOpened } from './wallet.js'
import { wallets } from './wallets.js'

const sent = new MoneySent({ wallet: 'ann', to: 'bob', transfer: 't1', amount: 30 })
const receive = new ReceiveMoney({ wallet: 'bob', transfer: 't1', amount: 30 })

describe('a wallet', () => {
  const opened = new WalletOpened({ wallet: 'ann', balance: 100 })

  it('sends what it has', async () => {
    await given(Wallet, [opened]).when(new SendMoney(sent)).thenEvents([sent]).thenState({ balance: 70 })
  })

  it('sends no more than that', async () => {
    await given(Wallet, [opened])
      .when(new SendMoney({ ...sent, amount: 101 }))
      .thenRefused('too-little-money')
  })
})

describe('a transfer', () => {
  it('is received', async () => {
    await givenProcess(Transfer).when(sent).thenCommands([receive])
  })

  it('goes back when it is refused', async () => {
    await givenProcess(Transfer, [sent])
      .whenRejected(receive, new DomainError('no-such-wallet', 'There is none.'))
      .thenCommands([new ReturnMoney({ wallet: 'ann', transfer: 't1', amount: 30 })])
    await givenProcess(Transfer, [sent])
      .when(new MoneyReturned({ wallet: 'ann', transfer: 't1', amount: 30 }))
      .thenNothing()
      .thenEnded()
  })
})

describe('the service', () => {
  it('shows what came of both', async () => {
    const { app, stop } = await testApplication({
      modules: (place) => [wallets(place.on === 'postgres' ? place.pool : undefined)],
    })
    await app.dispatch(new OpenWallet({ wallet: 'ann', balance: 100 }))
    await app.dispatch(new OpenWallet({ wallet: 'bob', balance: 0 }))
    await app.dispatch(new SendMoney(sent))
    await app.dispatch(new SendMoney({ wallet: 'ann', to: 'nobody', transfer: 't2', amount: 50 }))
    await settled(app)
    equal(await app.get(Balances).find('ann'), 70)
    equal(await app.get(Balances).find('bob'), 30)
    await stop()
  })
})
