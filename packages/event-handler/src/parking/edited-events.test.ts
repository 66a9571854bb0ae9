import { until } from '@writ/build-tools'
import { Event, EventTypes, upcaster } from '@writ/event-store'
import { z } from 'zod'
import { append, appendTo, Deposited, deposited, Renamed } from '../../test/bank-events.js'
import { Running } from '../../test/running.js'
import { eventHandler, on, parkAtOnce, type SubscriptionDefinition } from '../index.js'

const running = new Running()
afterEach(() => running.stop())

const failing = eventHandler({ name: 'mails', onError: parkAtOnce, on: [on(Deposited, () => Promise.reject(new Error('no')))] })

describe('a parked event that was edited', () => {
  class DepositedToday extends Event('deposited', z.object({ account: z.string(), cents: z.int() }), { schemaVersion: 2 }) {}
  const isCents = upcaster({
    from: { type: 'deposited', schemaVersion: 1 },
    to: DepositedToday,
    upcast: ({ account, amount }: { account: string; amount: number }) => ({ account, cents: amount * 100 }),
  })

  async function editedInEarlierTimes() {
    const earlier = await running.start([failing])
    await append(earlier.store, deposited(1))
    const parked = earlier.subscriptions.parked('mails')
    await until('it is parked', async () => (await parked.list()).length === 1)
    await parked.edit((await parked.list())[0]!, { amount: 7 })
    await earlier.subscriptions.stop()
  }

  it('is handled in the shape of today, when its class has moved on since', async () => {
    await editedInEarlierTimes()
    const handled: unknown[] = []
    const mending = eventHandler({ name: 'mails', on: [on(DepositedToday, (event) => void handled.push({ ...event }))] })
    const { subscriptions } = await running.start([mending], {
      events: new EventTypes([DepositedToday], { upcasters: [isCents] }),
    })
    const parked = subscriptions.parked('mails')
    expect(await parked.list()).toMatchObject([{ isEdited: true, event: { schemaVersion: 2, data: { cents: 700 } } }])
    await parked.retry('all', { wait: true })
    expect(handled).toEqual([{ account: 'a', cents: 700 }])
  })

  it('stops its subscription, loudly, where what it was edited to means something else today than what is stored', async () => {
    await editedInEarlierTimes()
    const renames = upcaster({
      from: { type: 'deposited', schemaVersion: 1 },
      to: [DepositedToday, Renamed],
      upcast: ({ account, amount }: { account: string; amount: number }) =>
        amount === 7 ? [{ renamed: { name: account } }] : [{ deposited: { account, cents: amount } }],
    })
    const mending = eventHandler({ name: 'mails', on: [on(DepositedToday, () => {})] })
    const events = new EventTypes([DepositedToday, Renamed], { upcasters: [renames] })
    const { subscriptions } = await running.start([mending], { events })
    expect(await subscriptions.parked('mails').list()).toMatchObject([{ isEdited: true, event: undefined }])
    await subscriptions.parked('mails').retry('all')
    await until('it has stopped', () => subscriptions.status()[0]!.state === 'stopped')
    expect(subscriptions.status()[0]!.error).toMatchObject({
      code: 'undecodable-event',
      message: expect.stringContaining("edited it to is no 'deposited' today"),
    })
  })

  it('is handled as it was edited, whichever of its sequences it was edited in', async () => {
    let isBroken = true
    const handled: number[] = []
    const definition: SubscriptionDefinition = {
      ...eventHandler({
        name: 'several',
        onError: parkAtOnce,
        on: [
          on(Deposited, async ({ amount }) => {
            if (isBroken) throw new Error('no')
            handled.push(amount)
          }),
        ],
      }),
      // The letters of the account name its sequences.
      sequencesOf: ({ data }) => [...(data as Deposited).account],
    }
    const { store, subscriptions } = await running.start([definition])
    await appendTo(store, 'xy', 1)
    await appendTo(store, 'xy', 2)
    const parked = subscriptions.parked('several')
    await until('both are parked', async () => (await parked.list()).length === 4)
    await parked.edit({ sequence: 'x', position: 1, part: 0 }, { amount: 10 })
    await parked.edit({ sequence: 'y', position: 2, part: 0 }, { amount: 20 })
    expect((await parked.list()).map(({ event }) => (event!.data as Deposited).amount)).toEqual([10, 10, 20, 20])
    await parked.edit({ sequence: 'y', position: 1, part: 0 }, null)
    isBroken = false
    await parked.retry('all', { wait: true })
    expect(handled).toEqual([1, 20])
  })
})
