import { On as OnOfEventHandlers } from '@writ/event-handler'
import { MoneyWithdrawn, RefuseTransfer, TransferRequested } from '../../test/bank-messages.js'
import { Processes } from '../../test/processes.js'
import { ProcessManager, processManagerOf, readJournal, Start } from '../index.js'

const processes = new Processes()
afterEach(() => processes.stop())

const withdrawn = (transfer?: string) => new MoneyWithdrawn({ account: 'ann', amount: 10, transfer })

describe('a class that is a process manager', () => {
  class Rates {
    constructor(readonly fee: number) {}
  }

  @ProcessManager({ name: 'fees', correlate: 'transfer' })
  class Fees {
    private requests = 0
    private reasons: string[] = []

    constructor(
      private readonly rates: Rates,
      private readonly currency: string,
    ) {}

    @Start(TransferRequested)
    requested({ transfer }: TransferRequested) {
      this.requests++
      this.reasons.push(`${this.rates.fee} ${this.currency}`)
      return new RefuseTransfer({ transfer, reason: this.reasons.join() })
    }

    // Whichever @On was imported, the event is handled.
    @OnOfEventHandlers(MoneyWithdrawn)
    withdrawn({ transfer }: MoneyWithdrawn) {
      return new RefuseTransfer({ transfer: transfer!, reason: `${this.requests} ${this.currency}` })
    }
  }

  const reasons = (bank: { dispatched: readonly { command: unknown }[] }) =>
    bank.dispatched.map(({ command }) => (command as RefuseTransfer).reason)

  it('keeps each instance’s fields apart, and shares what is injected', async () => {
    const { store, bank, settled } = await processes.start(processManagerOf(Fees, () => new Fees(new Rates(7), 'EUR')))
    await bank.request('t1')
    await bank.request('t2')
    await bank.request('t1')
    await settled()
    expect(reasons(bank).sort()).toEqual(['7 EUR', '7 EUR', '7 EUR,7 EUR'])
    // Neither the service nor the injected text, which nothing has changed.
    expect((await readJournal(store, 'fees', 't1')).at(-1)!.state).toEqual({ requests: 2, reasons: ['7 EUR', '7 EUR'] })
  })

  it('sees configuration as it is now, and the instance’s fields as they were', async () => {
    const first = await processes.start(processManagerOf(Fees, () => new Fees(new Rates(7), 'EUR')))
    await first.bank.request('t1')
    await first.settled()
    await first.subscriptions.stop()
    const second = await processes.start(processManagerOf(Fees, () => new Fees(new Rates(8), 'CHF')))
    await second.bank.append('account-ann', withdrawn('t1'))
    await second.settled()
    expect(reasons(second.bank)).toEqual(['1 CHF'])
  })
})
