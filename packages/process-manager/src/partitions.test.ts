import { until } from '@writ/build-tools'
import { TransferRequested } from '../test/bank-messages.js'
import { Processes } from '../test/processes.js'
import { processManager, readJournal, start } from './index.js'

const processes = new Processes()
afterEach(() => processes.stop())

describe('a process manager with partitions', () => {
  // Each transfer belongs to two instances: that of its sender, and that of its receiver.
  const seen: string[] = []
  const byAccount = processManager({
    name: 'by-account',
    correlate: ({ from, to }: TransferRequested) => [from, to],
    partitions: 4,
    reactions: [
      start(TransferRequested, ({ transfer }, { instance }) => {
        seen.push(`${instance} ${transfer}`)
      }),
    ],
  })

  it('runs each instance in one of them, in its order, wherever the others of its events are', async () => {
    const [one, two] = [await processes.start(byAccount), await processes.start(byAccount)]
    const here = () => [one, two].map(({ subscriptions }) => subscriptions.status()[0]!.here)
    await until('both have half', () => here().join() === '2,2')
    const expected = new Map<string, string[]>()
    for (let number = 0; number < 60; number++) {
      const [from, to, transfer] = [`a${number % 7}`, `b${number % 5}`, `t${number}`]
      await one.bank.append(`transfer-${transfer}`, new TransferRequested({ transfer, from, to, amount: 1 }))
      for (const account of [from, to]) expected.set(account, [...(expected.get(account) ?? []), transfer])
    }
    await one.settled()
    for (const [account, transfers] of expected) {
      const ofIt = seen.filter((line) => line.startsWith(`${account} `)).map((line) => line.split(' ')[1])
      expect(ofIt).toEqual(transfers)
      expect(await readJournal(one.store, 'by-account', account)).toHaveLength(transfers.length)
    }
  })

  it('is refused with a number below one or above a thousand', () => {
    for (const partitions of [0, 1_001]) {
      const define = () =>
        processManager({ name: 'x', correlate: 'transfer', partitions, reactions: [start(TransferRequested, () => {})] })
      expect(define).toThrow(expect.objectContaining({ code: 'invalid-process-manager' }))
    }
  })
})
