import type { CommandAlreadyHandledError } from '@writ/event-store'
import type { Area } from '../area.js'
import { rejectsWith } from '../rejects-with.js'
import { logEvents, sample, samples, streamEvents, upTo } from '../sample-events.js'
import { until } from '../until.js'

const handled = 'command-already-handled'

export const receipts: Area = (scenario) => {
  const receipted: typeof scenario = (sentence, run, ...needs) => scenario(sentence, run, 'receipts', ...needs)

  receipted('finds no receipt of a command that was never handled', async ({ store, unique }) => {
    await expect(store.receipts.find(unique('command'))).resolves.toBeUndefined()
  })

  receipted('keeps what a command came to: stream, version, position and the exact body', async ({ store, unique }) => {
    const [stream, commandId] = [unique('account'), unique('command')]
    const body = '{"outcome": "done",  "result": {"owner": "Zoë O\'Neil", "number": 12345678901234567890}}'
    await store.append({ stream, events: samples(3) })
    const { version, position } = await store.append({
      stream,
      events: samples(2),
      receipts: [{ commandId, eventsUpTo: 2, body }],
    })
    const receipt = await store.receipts.find(commandId)
    expect(receipt).toEqual({ commandId, stream, version, position, body, createdAt: expect.any(Date) })
    expect(Math.abs(receipt!.createdAt.getTime() - Date.now())).toBeLessThan(86_400_000)
  })

  receipted('tells the version and position of each command of an append of several', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(10) })
    const ends = [0, 2, 2, 5]
    const given = ends.map((eventsUpTo, index) => ({ commandId: unique('command'), eventsUpTo, body: `{"number":${index}}` }))
    await store.append({ stream, events: samples(5), receipts: given })
    const events = await streamEvents(store, stream)
    for (const { commandId, eventsUpTo, body } of given) {
      const last = events[10 + eventsUpTo - 1]!
      expect(await store.receipts.find(commandId)).toMatchObject({ version: last.version, position: last.position, body })
    }
  })

  receipted('keeps the receipt of a command without events', async ({ store, unique }) => {
    const [stream, commandId] = [unique('account'), unique('command')]
    const { version, position } = await store.append({ stream, events: samples(2) })
    await store.append({
      stream,
      events: [],
      expectedVersion: 2,
      receipts: [{ commandId, eventsUpTo: 0, body: '{"refused":true}' }],
    })
    expect(await store.receipts.find(commandId)).toMatchObject({ stream, version, position, body: '{"refused":true}' })
  })

  receipted('keeps the receipt of a command without events on an absent stream', async ({ store, unique }) => {
    const [stream, commandId] = [unique('account'), unique('command')]
    await store.append({ stream, events: [], expectedVersion: 0, receipts: [{ commandId, eventsUpTo: 0, body: '{}' }] })
    expect(await store.receipts.find(commandId)).toMatchObject({ stream, version: 0, position: 0 })
  })

  receipted(
    'refuses a command that has a receipt, hands the receipt over, and writes nothing',
    async ({ store, start, unique }) => {
      const commandId = unique('command')
      const receipt = { commandId, eventsUpTo: 1, body: '{"outcome":"first"}' }
      await store.append({ stream: unique('account'), events: [sample()], receipts: [receipt] })
      const kept = await store.receipts.find(commandId)
      const stream = unique('account')
      const again = { stream, events: samples(1), receipts: [{ ...receipt, body: '{"outcome":"second"}' }] }
      const error = await rejectsWith<CommandAlreadyHandledError>(handled, () => store.append(again))
      expect(error.receipt).toEqual(kept)
      expect(await store.receipts.find(commandId)).toEqual(kept)
      expect(await logEvents(store, { after: start })).toHaveLength(1)
    },
  )

  receipted('refuses a command without events that has a receipt', async ({ store, unique }) => {
    const append = {
      stream: unique('account'),
      events: [],
      receipts: [{ commandId: unique('command'), eventsUpTo: 0, body: '{}' }],
    }
    await store.append(append)
    await rejectsWith(handled, () => store.append(append))
  })

  receipted(
    'refuses an append of several commands when one of them has a receipt, and keeps none of the others',
    async ({ store, unique }) => {
      const [stream, known, fresh] = [unique('account'), unique('command'), unique('command')]
      await store.append({ stream, events: [sample()], receipts: [{ commandId: known, eventsUpTo: 1, body: '{}' }] })
      const again = [fresh, known].map((commandId, index) => ({ commandId, eventsUpTo: index + 1, body: '{}' }))
      const error = await rejectsWith<CommandAlreadyHandledError>(handled, () =>
        store.append({ stream, events: samples(2), receipts: again }),
      )
      expect(error.receipt.commandId).toBe(known)
      expect(await store.receipts.find(fresh)).toBeUndefined()
      expect(await streamEvents(store, stream)).toHaveLength(1)
    },
  )

  receipted('answers with the receipt before it looks at the expected version', async ({ store, unique }) => {
    const stream = unique('account')
    const receipts = [{ commandId: unique('command'), eventsUpTo: 1, body: '{}' }]
    await store.append({ stream, events: [sample()], receipts, expectedVersion: 0 })
    await rejectsWith(handled, () => store.append({ stream, events: [sample()], receipts, expectedVersion: 0 }))
  })

  receipted('keeps no receipt of a refused append', async ({ store, unique }) => {
    const [stream, commandId] = [unique('account'), unique('command')]
    const receipts = [{ commandId, eventsUpTo: 1, body: '{}' }]
    await rejectsWith('wrong-expected-version', () => store.append({ stream, events: [sample()], receipts, expectedVersion: 7 }))
    await rejectsWith('invalid-append', () => store.append({ stream, events: [sample({ data: '{' })], receipts }))
    expect(await store.receipts.find(commandId)).toBeUndefined()
    await store.append({ stream, events: [sample()], receipts, expectedVersion: 0 })
    expect(await store.receipts.find(commandId)).toMatchObject({ version: 1 })
  })

  receipted(
    'keeps the receipts of many appends at once, and refuses those of handled commands alone',
    async ({ store, unique }) => {
      const streams = upTo(20).map(() => unique('account'))
      const commandsOf = (round: string) => streams.map(() => [unique(`${round}-without-events`), unique(round)] as const)
      const appendAll = (commands: ReturnType<typeof commandsOf>, expectedVersion: number) =>
        streams.map((stream, index) => {
          const receipts = commands[index]!.map((commandId, eventsUpTo) => ({ commandId, eventsUpTo, body: '{}' }))
          return store.append({ stream, events: samples(1), expectedVersion, receipts })
        })
      const [first, second] = [commandsOf('first'), commandsOf('second')]
      const before = await Promise.all(appendAll(first, 0))
      second[7] = first[3]!
      const outcomes = await Promise.allSettled(appendAll(second, 1))
      expect(outcomes[7]).toMatchObject({ reason: { code: handled, receipt: { stream: streams[3] } } })
      for (const [index, stream] of streams.entries()) {
        const [earlier, later] = await Promise.all(first[index]!.map((id) => store.receipts.find(id)))
        expect(earlier).toMatchObject({ stream, version: 0, position: 0 })
        expect(later).toMatchObject({ stream, ...before[index] })
        if (index === 7) continue
        const [refused, accepted] = await Promise.all(second[index]!.map((id) => store.receipts.find(id)))
        expect(refused).toMatchObject({ stream, ...before[index] })
        expect(outcomes[index]).toMatchObject({ status: 'fulfilled', value: { version: 2, position: accepted!.position } })
        expect(accepted).toMatchObject({ stream, version: 2 })
      }
    },
  )

  receipted('handles a command once that is sent twenty times at the same time', async ({ store, start, unique }) => {
    const commandId = unique('command')
    const outcomes = await Promise.allSettled(
      upTo(20).map(() =>
        store.append({ stream: unique('account'), events: [sample()], receipts: [{ commandId, eventsUpTo: 1, body: '{}' }] }),
      ),
    )
    const refused = outcomes.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(19)
    for (const outcome of refused) expect(outcome).toMatchObject({ reason: { code: handled, receipt: { commandId } } })
    expect(await logEvents(store, { after: start })).toHaveLength(1)
  })

  receipted(
    'handles a command once that two processes send at the same time, twenty times over',
    async ({ store, neighbour, start, unique }) => {
      const stores = [store, await neighbour()]
      await Promise.all(
        upTo(20).map(async () => {
          const commandId = unique('command')
          const outcomes = await Promise.allSettled(
            stores.map((one) =>
              one.append({ stream: unique('account'), events: [sample()], receipts: [{ commandId, eventsUpTo: 1, body: '{}' }] }),
            ),
          )
          expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
          expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: handled } })
        }),
      )
      expect(await logEvents(store, { after: start })).toHaveLength(20)
    },
    'several processes',
  )

  receipted('finds, as of a moment, a command with events from its last one on', async ({ store, unique }) => {
    const [stream, first, second] = [unique('account'), unique('command'), unique('command')]
    const given = [first, second].map((commandId, index) => ({ commandId, eventsUpTo: index + 1, body: '{}' }))
    const { position } = await store.append({ stream, events: samples(3), receipts: given })
    const moment = await store.receipts.moment()
    const found = async (commandId: string, at: number) =>
      (await store.receipts.find(commandId, { position: at, moment }))?.version
    expect([await found(first, position - 3), await found(first, position - 2), await found(first, position)]).toEqual([
      undefined,
      1,
      1,
    ])
    expect([await found(second, position - 2), await found(second, position - 1)]).toEqual([undefined, 2])
    expect(await store.receipts.find(first, { position: position - 2, moment: 0 })).toMatchObject({ version: 1 })
  })

  receipted(
    'finds, as of a moment, a command without events by where the log ended when it came',
    async ({ store, start, unique }) => {
      const [stream, elsewhere] = [unique('account'), unique('account')]
      const decidedNothing = async (on: string) => {
        const commandId = unique('command')
        await store.append({ stream: on, events: [], receipts: [{ commandId, eventsUpTo: 0, body: '{}' }] })
        return commandId
      }
      const { position: first } = await store.append({ stream, events: samples(1) })
      const commands = [await decidedNothing(stream), await decidedNothing(elsewhere)]
      const { position: second } = await store.append({ stream: elsewhere, events: samples(1) })
      commands.push(await decidedNothing(stream), await decidedNothing(unique('account')))
      const moment = await store.receipts.moment()
      const found = async (position: number) => {
        const receipts = await Promise.all(commands.map((id) => store.receipts.find(id, { position, moment })))
        return receipts.map((receipt) => receipt !== undefined)
      }
      expect(await found(start)).toEqual([false, false, false, false])
      expect(await found(first)).toEqual([true, true, false, false])
      expect(await found(second)).toEqual([true, true, true, true])
    },
  )

  receipted(
    'finds, as of a moment, no command without events that came later while the log stayed as it was',
    async ({ store, unique }) => {
      const streams = [unique('account'), unique('account')]
      await store.append({ stream: streams[0]!, events: samples(1) })
      const { position } = await store.head()
      for (const stream of streams) {
        const [before, later] = [unique('command'), unique('command')]
        await store.append({ stream, events: [], receipts: [{ commandId: before, eventsUpTo: 0, body: '{}' }] })
        const moment = await store.receipts.moment()
        await store.append({ stream, events: [], receipts: [{ commandId: later, eventsUpTo: 0, body: '{}' }] })
        expect(await store.receipts.find(before, { position, moment })).toMatchObject({ stream })
        expect(await store.receipts.find(later, { position, moment })).toBeUndefined()
        expect(await store.receipts.find(later, { position, moment: await store.receipts.moment() })).toMatchObject({ stream })
      }
    },
  )

  receipted(
    'tells the moment of what another process has written, too',
    async ({ store, neighbour, unique }) => {
      const other = await neighbour()
      const append = async (by: typeof store) => {
        const commandId = unique('command')
        await by.append({ stream: unique('account'), events: [], receipts: [{ commandId, eventsUpTo: 0, body: '{}' }] })
        return commandId
      }
      const { position } = await store.head()
      const before = await append(other)
      const asOf = { position, moment: await store.receipts.moment() }
      const later = await append(other)
      expect(await store.receipts.find(before, asOf)).toBeDefined()
      expect(await store.receipts.find(later, asOf)).toBeUndefined()
    },
    'several processes',
  )

  receipted(
    'finds, as of a moment, no command without events of an append whose events came later',
    async ({ store, start, unique }) => {
      const commands = [unique('command'), unique('command')]
      const [alone, within] = commands.map((commandId) => [{ commandId, eventsUpTo: 0, body: '{}' }])
      const appends = [
        { stream: unique('account'), events: [], receipts: alone! },
        { stream: unique('account'), events: samples(1), receipts: within! },
      ]
      await store.appendAll(appends)
      const { position } = await store.head()
      const moment = await store.receipts.moment()
      for (const commandId of commands) {
        expect(await store.receipts.find(commandId, { position: start, moment })).toBeUndefined()
        expect(await store.receipts.find(commandId, { position, moment })).toMatchObject({ version: 0 })
      }
    },
    'several streams',
  )

  receipted('takes command ids of 300 characters, and tells apart those that differ in case only', async ({ store, unique }) => {
    const long = unique('command').padEnd(300, 'é')
    const ids = [long, long.toUpperCase(), `${unique('it')}'s "quoted" \\ -- 💶`]
    for (const [index, commandId] of ids.entries()) {
      await store.append({ stream: unique('account'), events: [], receipts: [{ commandId, eventsUpTo: 0, body: String(index) }] })
    }
    for (const [index, commandId] of ids.entries()) expect((await store.receipts.find(commandId))?.body).toBe(String(index))
  })

  receipted('takes an append of 256 receipts', async ({ store, unique }) => {
    const given = upTo(256).map((eventsUpTo) => ({ commandId: unique('command'), eventsUpTo, body: '{}' }))
    await store.append({ stream: unique('account'), events: samples(256), receipts: given })
    for (const { commandId, eventsUpTo } of [given[0]!, given[99]!, given[255]!]) {
      expect(await store.receipts.find(commandId)).toMatchObject({ version: eventsUpTo })
    }
  })

  receipted('deletes receipts that are older than so many milliseconds, and tells how many', async ({ store, unique }) => {
    const ids = [unique('command'), unique('command')]
    for (const commandId of ids) {
      await store.append({ stream: unique('account'), events: [], receipts: [{ commandId, eventsUpTo: 0, body: '{}' }] })
    }
    await expect(store.receipts.deleteOlderThan(3_600_000)).resolves.toBe(0)
    let deleted = 0
    await until('both receipts are old enough', async () => {
      deleted += await store.receipts.deleteOlderThan(1)
      return (await Promise.all(ids.map((id) => store.receipts.find(id)))).every((receipt) => receipt === undefined)
    })
    expect(deleted).toBeGreaterThanOrEqual(2)
  })
}
