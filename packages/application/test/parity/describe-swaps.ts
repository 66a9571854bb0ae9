import { until } from '@writ/build-tools'
import { on, projection } from '@writ/event-handler'
import { type EventStore, newEvent, type Runtime, systemRuntime } from '@writ/event-store'
import { Application, module } from '../../src/index.js'
import { MoneyDeposited } from '../small-bank.js'

/** What was caught up a moment ago still is: a moment lasts for minutes here. */
const slowly: Runtime = { ...systemRuntime, monotonic: () => systemRuntime.monotonic() / 100 }

export function describeSwaps(name: string, open: () => EventStore): void {
  describe(`a new version of a projection on ${name}`, () => {
    let app: Application
    let release = () => {}
    afterEach(async () => {
      release()
      await app.stop()
    })

    it('is made live when it has come to where the live one stood, and not before: who has read that is not taken back in time', async () => {
      let held: Promise<void> | undefined
      const sums = (version: number) =>
        projection({
          name: 'sums',
          version,
          swap: 'by-hand',
          on: [on(MoneyDeposited, () => (version === 2 ? held : undefined))],
        })
      const start = async (store: EventStore, ...versions: number[]) => {
        const modules = [module({ name: 'bank', projections: versions.map(sums) })]
        app = await Application.create({ store, modules, runtime: slowly })
        await app.start()
      }
      // The first one that there is is live at once.
      await start(open(), 1)
      await app.stop()
      const store = open()
      const looks = jest.spyOn(store.checkpoints, 'list')
      const asked = () => looks.mock.calls.filter(([subscription]) => subscription === 'sums@2').length
      await start(store, 1, 2)
      const deposit = async () => {
        const events = [newEvent(new MoneyDeposited({ account: 'a', amount: 1 }), systemRuntime.uuid())]
        return (await store.append({ stream: 'account-a', events })).position
      }
      const read = () => app.readModel('sums', async ({ version, position }) => ({ version, position: await position() }))
      const first = await deposit()
      await until('both have caught up', async () => {
        const { versions } = await app.projections.status('sums')
        return versions.every(({ position, isCaughtUp }) => isCaughtUp && position === first)
      })

      held = new Promise((resolve) => {
        release = resolve
      })
      const second = await deposit()
      await until('the live one has gone on', async () => (await read()).position === second)
      const before = asked()
      let isOver = false
      const swapped = app.projections.swap('sums').finally(() => {
        isOver = true
      })
      await until('it is waited for', () => isOver || asked() > before + 3)
      expect(await read()).toEqual({ version: 1, position: second })
      release()
      await swapped
      expect(await read()).toEqual({ version: 2, position: second })
    })
  })
}
