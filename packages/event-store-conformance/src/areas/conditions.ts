import type { Append, AppendConditionFailedError, EventStore } from '@writ/event-store'
import type { Area } from '../area.js'
import { rejectsWith } from '../rejects-with.js'
import { logEvents, sample, samples, streamEvents, upTo } from '../sample-events.js'

const failed = 'append-condition-failed'

export const conditions: Area = (scenario) => {
  const conditional: typeof scenario = (sentence, run, ...needs) => scenario(sentence, run, 'conditions', ...needs)

  conditional('accepts an append when nothing matches its condition', async ({ store, unique }) => {
    const condition = { failIfMatch: { items: [{ tags: [unique('email')] }] }, after: 0 }
    await expect(store.append({ stream: unique('account'), events: [sample()], condition })).resolves.toMatchObject({
      version: 1,
    })
  })

  conditional('refuses an append when an event matches its condition, and writes nothing', async ({ store, start, unique }) => {
    const email = unique('email')
    const { position } = await store.append({ stream: unique('account'), events: [sample({ tags: [email] })] })
    const stream = unique('account')
    const condition = { failIfMatch: { items: [{ tags: [email] }] }, after: 0 }
    const error = await rejectsWith<AppendConditionFailedError>(failed, () =>
      store.append({ stream, events: samples(2), condition }),
    )
    expect(error).toMatchObject({ stream, position })
    expect(await logEvents(store, { after: start })).toHaveLength(1)
  })

  conditional('passes over matching events up to the position that the decision knew', async ({ store, unique }) => {
    const email = unique('email')
    const { position } = await store.append({ stream: unique('account'), events: [sample({ tags: [email] })] })
    const append = (after: number): Append => ({
      stream: unique('account'),
      events: [sample()],
      condition: { failIfMatch: { items: [{ tags: [email] }] }, after },
    })
    await rejectsWith(failed, () => store.append(append(position - 1)))
    await expect(store.append(append(position))).resolves.toMatchObject({ version: 1 })
    await expect(store.append(append(position + 1_000))).resolves.toMatchObject({ version: 1 })
  })

  conditional('tells the position of an event that is newer than what the decision knew', async ({ store, unique }) => {
    const email = unique('email')
    const events = [sample({ tags: [email] }), sample(), sample({ tags: [email] })]
    const { position } = await store.append({ stream: unique('account'), events })
    const condition = { failIfMatch: { items: [{ tags: [email] }] }, after: position - 2 }
    const error = await rejectsWith<AppendConditionFailedError>(failed, () =>
      store.append({ stream: unique('account'), events: [sample()], condition }),
    )
    expect(error.position).toBe(position)
  })

  conditional('matches by types, by tags and by both, as queries do', async ({ store, unique }) => {
    const [opened, closed, ann, bob] = [unique('opened'), unique('closed'), unique('ann'), unique('bob')]
    await store.append({
      stream: unique('account'),
      events: [sample({ type: opened, tags: [ann, bob] }), sample({ type: closed })],
    })
    const attempt = (...items: { types?: string[]; tags?: string[] }[]) => {
      return store.append({ stream: unique('account'), events: [sample()], condition: { failIfMatch: { items }, after: 0 } })
    }
    await rejectsWith(failed, () => attempt({ types: [opened] }))
    await rejectsWith(failed, () => attempt({ types: [unique('type'), closed] }))
    await rejectsWith(failed, () => attempt({ tags: [bob, ann] }))
    await rejectsWith(failed, () => attempt({ types: [opened], tags: [ann] }))
    await rejectsWith(failed, () => attempt({ types: [closed], tags: [ann] }, { types: [closed] }))
    await attempt({ types: [closed], tags: [ann] })
    await attempt({ tags: [ann, unique('tag')] })
    await attempt({ types: [unique('type')] }, { types: [unique('type')], tags: [bob] })
  })

  conditional('is not refused by its own events', async ({ store, unique }) => {
    const email = unique('email')
    const append = {
      stream: unique('account'),
      events: samples(3, { tags: [email] }),
      condition: { failIfMatch: { items: [{ tags: [email] }] }, after: 0 },
    }
    const first = await store.append(append)
    await expect(store.append(append)).resolves.toEqual(first)
    await rejectsWith(failed, () => store.append({ ...append, events: [sample()] }))
  })

  conditional('is checked together with the expected version, which comes first', async ({ store, unique }) => {
    const email = unique('email')
    const stream = unique('account')
    await store.append({ stream, events: [sample({ tags: [email] })] })
    const append = { stream, events: [sample()], condition: { failIfMatch: { items: [{ tags: [email] }] }, after: 0 } }
    await rejectsWith('wrong-expected-version', () => store.append({ ...append, expectedVersion: 0 }))
    await rejectsWith(failed, () => store.append({ ...append, expectedVersion: 1 }))
    expect(await streamEvents(store, stream)).toHaveLength(1)
  })

  conditional('is checked for an append without events', async ({ store, unique }) => {
    const email = unique('email')
    const append = { stream: unique('account'), events: [], condition: { failIfMatch: { items: [{ tags: [email] }] }, after: 0 } }
    await expect(store.append(append)).resolves.toEqual({ version: 0, position: 0 })
    await store.append({ stream: unique('account'), events: [sample({ tags: [email] })] })
    await rejectsWith(failed, () => store.append(append))
  })

  conditional(
    'lets exactly one of twenty appends win that claim one name at the same time',
    async ({ store, unique }) => {
      const email = unique('email')
      await claim(
        upTo(20).map(() => store),
        email,
        unique,
      )
      expect(await logEvents(store, { query: { items: [{ tags: [email] }] } })).toHaveLength(1)
    },
    'queries',
  )

  conditional(
    'lets exactly one append win that two processes send to claim one name, twenty times over',
    async ({ store, neighbour, unique }) => {
      const stores = [store, await neighbour()]
      await Promise.all(upTo(20).map(() => claim(stores, unique('email'), unique)))
    },
    'several processes',
  )

  conditional(
    'keeps a limit over many streams: three open tickets and no more',
    async ({ store, unique }) => {
      const user = unique('user')
      const query = { items: [{ types: ['ticket-opened'], tags: [user] }] }
      // Whoever is refused lost to one of the three tickets, so that nobody is refused more than three times.
      const open = async (): Promise<boolean> => {
        for (let attempt = 0; attempt < 4; attempt++) {
          const known = await logEvents(store, { query, durable: false })
          if (known.length >= 3) return false
          const events = [sample({ type: 'ticket-opened', tags: [user] })]
          const condition = { failIfMatch: query, after: known.at(-1)?.position ?? 0 }
          const outcome = await store.append({ stream: unique('ticket'), events, condition }).catch((error: unknown) => error)
          if (!(outcome instanceof Error)) return true
          expect(outcome).toMatchObject({ code: failed })
        }
        throw new Error('Refused more than three times, over three tickets')
      }
      const opened = await Promise.all(upTo(10).map(open))
      expect(opened.filter(Boolean)).toHaveLength(3)
      expect(await logEvents(store, { query })).toHaveLength(3)
    },
    'queries',
  )
}

/** Each of the stores claims the name by a stream of its own; exactly one may get it. */
async function claim(stores: readonly EventStore[], email: string, unique: (prefix: string) => string): Promise<void> {
  const condition = { failIfMatch: { items: [{ types: ['account-opened'], tags: [email] }] }, after: 0 }
  const outcomes = await Promise.allSettled(
    stores.map((store) =>
      store.append({ stream: unique('account'), events: [sample({ type: 'account-opened', tags: [email] })], condition }),
    ),
  )
  const refused = outcomes.filter(({ status }) => status === 'rejected')
  expect(refused).toHaveLength(stores.length - 1)
  for (const outcome of refused) expect(outcome).toMatchObject({ reason: { code: failed } })
}
