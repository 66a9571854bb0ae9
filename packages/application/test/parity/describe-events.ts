import { Aggregate, Apply, Handle } from '@writ/aggregate'
import { Command, Event, type EventStore, eventsOf, type RecordedEvent, systemRuntime, upcaster } from '@writ/event-store'
import { readJournal } from '@writ/process-manager'
import { z } from 'zod'
import { Application, type Module, module } from '../../src/index.js'
import { Deposit, savings } from '../savings.js'
import { DepositMoney, SendMoney, smallBank } from '../small-bank.js'
import { processes } from './processes.js'

const isoDate = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
})
const bigInteger = z.codec(z.string().regex(/^-?\d+$/), z.bigint(), { decode: BigInt, encode: String })

/** Its class is called otherwise than its type, and it holds what JSON lacks. */
class AMeasurementWasTaken extends Event('measured', z.object({ sensor: z.string(), at: isoDate, atoms: bigInteger }), {
  schemaVersion: 3,
  tags: ({ sensor }) => [`sensor:${sensor}`],
}) {}
class Weighed extends Event('weighed', z.object({ sensor: z.string(), grams: z.int() })) {}
class Measure extends Command('measure', z.object({ sensor: z.string(), at: isoDate, atoms: bigInteger })) {}

@Aggregate({ category: 'sensor', identity: 'sensor' })
class Sensor {
  measured: (Date | bigint)[] = []
  grams = 0

  @Handle(Measure)
  measure(command: Measure) {
    return new AMeasurementWasTaken(command)
  }

  @Apply(AMeasurementWasTaken)
  measurementTaken({ at, atoms }: AMeasurementWasTaken) {
    this.measured.push(at, atoms)
  }

  @Apply(Weighed)
  weighed({ grams }: Weighed) {
    this.grams += grams
  }
}

const first = { type: 'measured', schemaVersion: 1 }
const second = { type: 'measured', schemaVersion: 2 }
const both = { type: 'measured-and-weighed', schemaVersion: 1 }
const sensors = module({
  name: 'sensors',
  aggregates: [Sensor],
  upcasters: [
    // A chain: one becomes one, twice.
    upcaster({ from: first, to: second, upcast: ({ name, ...data }: { name: string }) => ({ ...data, sensor: name }) }),
    upcaster({
      from: second,
      to: AMeasurementWasTaken,
      upcast: ({ sensor, day }: { sensor: string; day: string }) => ({ sensor, at: `${day}T00:00:00.000Z`, atoms: '1' }),
    }),
    // One becomes several, of which one goes on along the chain; and one becomes none.
    upcaster({
      from: both,
      to: [second, Weighed],
      upcast: ({ sensor, day, grams }: { sensor: string; day: string; grams: number }) => [
        { measured: { sensor, day } },
        { weighed: { sensor, grams } },
      ],
    }),
    upcaster({ from: { type: 'sensor-polished', schemaVersion: 1 }, to: [] }),
  ],
})

/** What events are to be, point by point; `open` gives another process on the same data each time. */
export function describeEvents(name: string, open: () => EventStore): void {
  describe(`an event, on ${name},`, () => {
    const { start: startWith, newName } = processes(name, open)
    const start = (...modules: readonly Module[]) => startWith({ modules })
    let own = ''
    beforeEach(() => {
      own = newName()
    })
    const recordedIn = async ({ store, eventTypes }: Application, stream: string) => {
      const events: RecordedEvent[] = []
      for await (const stored of eventsOf(store.readStream(stream))) events.push(...eventTypes.decode(stored))
      return events
    }

    it('is recorded with id, type, schema version, stream, version, position, data, metadata, tags and time', async () => {
      const app = await start(savings)
      const before = Date.now()
      const { position, commandId } = await app.dispatch(new Deposit({ account: own, amount: 5 }), { correlationId: 'all' })
      const [event] = await recordedIn(app, `savings-${own}`)
      expect(event).toEqual({
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
        type: 'savings-deposited',
        schemaVersion: 1,
        stream: `savings-${own}`,
        version: 1,
        position,
        part: 0,
        data: expect.objectContaining({ account: own, amount: 5 }),
        metadata: { correlationId: 'all', causationId: commandId },
        tags: [`account:${own}`],
        createdAt: expect.any(Date),
      })
      // By the store's clock, which is this machine's.
      expect(Math.abs(event!.createdAt.getTime() - before)).toBeLessThan(60_000)
    })

    it('has a type of its own choosing, a schema that is checked, and is stored as JSON, with codecs for what JSON lacks', async () => {
      const app = await start(sensors)
      const [at, atoms] = [new Date(Date.UTC(2026, 0, 2)), 2n ** 80n]
      await app.dispatch(new Measure({ sensor: own, at, atoms }))
      for await (const { type, schemaVersion, data } of eventsOf(app.store.readStream(`sensor-${own}`))) {
        expect([type, schemaVersion]).toEqual(['measured', 3])
        expect(JSON.parse(data)).toEqual({ sensor: own, at: '2026-01-02T00:00:00.000Z', atoms: '1208925819614629174706176' })
      }
      const [event] = await recordedIn(app, `sensor-${own}`)
      expect(event!.data).toBeInstanceOf(AMeasurementWasTaken)
      expect(event!.data).toMatchObject({ at, atoms })
      const unchecked = { sensor: own, at: 'soon', atoms: 1 } as never
      expect(() => new AMeasurementWasTaken(unchecked)).toThrow(expect.objectContaining({ code: 'invalid-event' }))
      await app.stop()
      expect((await (await start(sensors)).stateOf(Sensor, own)).state.measured).toEqual([at, atoms])
    })

    it('of an older shape is today’s: one becomes one, along a chain; one becomes several; one becomes none', async () => {
      const app = await start(sensors)
      const old = (type: string, schemaVersion: number, data: object) => ({
        ...{ id: systemRuntime.uuid(), type, schemaVersion, data: JSON.stringify(data), metadata: '{}', tags: [] },
      })
      await app.store.append({
        stream: `sensor-${own}`,
        events: [
          old('measured', 1, { name: own, day: '2024-01-01' }),
          old('sensor-polished', 1, { with: 'care' }),
          old('measured-and-weighed', 1, { sensor: own, day: '2024-01-02', grams: 7 }),
        ],
      })
      const events = await recordedIn(app, `sensor-${own}`)
      expect(events.map(({ type, version, part }) => [type, version, part])).toEqual([
        ['measured', 1, 0],
        ['measured', 3, 0],
        ['weighed', 3, 1],
      ])
      const days = [1, 2].map((day) => new Date(Date.UTC(2024, 0, day)))
      expect((await app.stateOf(Sensor, own)).state).toMatchObject({ measured: [days[0], 1n, days[1], 1n], grams: 7 })
    })

    it('carries what the first request said to the last event: through a process manager, to the command that it sends', async () => {
      const app = await start(smallBank())
      const [ann, bob] = [`ann ${own}`, `bob ${own}`]
      await app.dispatch(new DepositMoney({ account: ann, amount: 10 }))
      // As a service does that has a request before it.
      const headers = { 'x-request-id': `request ${own}`, traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }
      const said = {
        correlationId: headers['x-request-id'],
        actor: 'ann',
        tenant: 'acme',
        trace: { traceparent: headers.traceparent },
      }
      const { commandId } = await app.dispatch(new SendMoney({ account: ann, amount: 3, transfer: own, to: bob }), said)
      await app.settled()
      const [, withdrawn] = await recordedIn(app, `account-${ann}`)
      const [deposited] = await recordedIn(app, `account-${bob}`)
      const [begun] = await readJournal(app.store, 'transfer', own)
      expect(withdrawn!.metadata).toEqual({ ...said, causationId: commandId })
      // The direct cause is the second command, and that command's cause is the first event.
      expect(deposited!.metadata).toEqual({
        ...said,
        causationId: begun!.commands[0]!.id,
        commandCausationId: withdrawn!.id,
        causationDepth: 1,
      })
      for await (const { metadata } of eventsOf(app.store.readStream(`$process.transfer-${own}`))) {
        expect(JSON.parse(metadata)).toMatchObject({ ...said, causationId: expect.any(String) })
      }
      // So all of it can be found by the one correlation.
      const found = []
      for await (const { type } of eventsOf(app.store.readAll({ correlationId: said.correlationId }))) found.push(type)
      expect(found).toEqual(expect.arrayContaining(['money-withdrawn', 'money-deposited']))
    })
  })
}
