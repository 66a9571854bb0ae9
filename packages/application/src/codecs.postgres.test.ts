// What JSON lacks, on its whole way: command, event, result, receipt, journal, and the text that is stored.
import 'reflect-metadata'
import { aggregate, decided } from '@writ/aggregate'
import { testDatabase } from '@writ/build-tools'
import { Command, Event, eventsOf } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import { processManager, readJournal, start } from '@writ/process-manager'
import { firstValueFrom } from 'rxjs'
import { z } from 'zod'
import { Application } from './application.js'
import { module } from './module.js'

const date = z.codec(z.iso.datetime(), z.date(), { decode: (text) => new Date(text), encode: (day) => day.toISOString() })
const bigint = z.codec(z.string(), z.bigint(), { decode: (text) => BigInt(text), encode: (number) => number.toString() })
const bytes = z.codec(z.base64(), z.instanceof(Uint8Array), {
  decode: (text) => new Uint8Array(Buffer.from(text, 'base64')),
  encode: (raw) => Buffer.from(raw).toString('base64'),
})
const names = z.codec(z.array(z.string()), z.set(z.string()), { decode: (list) => new Set(list), encode: (set) => [...set] })
const days = z.codec(z.array(z.tuple([z.string(), z.iso.datetime()])), z.map(z.string(), z.date()), {
  decode: (list) => new Map(list.map(([name, day]) => [name, new Date(day)])),
  encode: (map) => [...map].map(([name, day]): [string, string] => [name, day.toISOString()]),
})

const Rich = z.object({
  note: z.string(),
  at: date,
  amount: bigint,
  page: bytes,
  names,
  days,
  lines: z.array(z.object({ due: date.optional() })),
})
class Noted extends Event('noted', Rich) {}
class Copied extends Event('copied', Rich) {}
class Note extends Command('note', Rich, { result: Rich }) {}
class Copy extends Command('copy', Rich) {}

const at = new Date('2024-05-06T07:08:09.123Z')
const rich = {
  note: 'n1',
  at,
  amount: 12_345_678_901_234_567_890n,
  page: new Uint8Array([1, 2, 255]),
  names: new Set(['Zoë', 'Ann']),
  days: new Map([['first', at]]),
  lines: [{ due: at }, {}],
}
const text =
  '{"note":"n1","at":"2024-05-06T07:08:09.123Z","amount":"12345678901234567890","page":"AQL/","names":["Zoë","Ann"],' +
  '"days":[["first","2024-05-06T07:08:09.123Z"]],"lines":[{"due":"2024-05-06T07:08:09.123Z"},{}]}'

const note = aggregate({
  category: 'note',
  identity: 'note',
  commands: [Note, Copy],
  events: [Noted, Copied],
  initialState: { notes: 0 },
  decide: {
    note: (_, command) => decided(new Noted({ ...command }), { ...command }),
    copy: (_, command) => new Copied({ ...command }),
  },
  evolve: { noted: ({ notes }) => ({ notes: notes + 1 }), copied: (state) => state },
})
const copying = processManager({
  name: 'copying',
  correlate: 'note',
  consistency: 'strong',
  reactions: [start(Noted, (event) => new Copy({ ...event }))],
})
const notes = module({ name: 'notes', aggregates: [note], processManagers: [copying] })

describe('dates, bigints, bytes, sets and maps', () => {
  const database = testDatabase()
  let app: Application
  const startApp = async () => {
    const started = await Application.create({ store: postgresEventStore(database), modules: [notes] })
    await started.start()
    return started
  }
  beforeAll(async () => {
    app = await startApp()
  })
  afterAll(() => app.stop())

  it('are in a result what they were in the command, also where a receipt answers, in another process', async () => {
    const first = await app.dispatch(new Note(rich), { commandId: 'note-1' })
    expect(first.result).toEqual(rich)
    const again = await app.dispatch(new Note(rich), { commandId: 'note-1' })
    expect(again).toMatchObject({ version: 1, position: first.position })
    expect(again.result).toEqual(rich)
    const other = await startApp()
    expect((await other.dispatch(new Note(rich), { commandId: 'note-1' })).result).toEqual(rich)
    await other.stop()
  })

  it('are told apart from other values under a given id', async () => {
    const other = new Note({ ...rich, names: new Set(['Ann']) })
    await expect(app.dispatch(other, { commandId: 'note-1' })).rejects.toMatchObject({ code: 'command-id-reused' })
  })

  it('are stored as the text of their codecs, which comes back byte for byte', async () => {
    await app.settled()
    const texts: string[] = []
    for await (const { data } of eventsOf(app.store.readStream('note-n1'))) texts.push(data)
    expect(texts).toEqual([text, text])
  })

  it('are in an event what they were when it was made', async () => {
    const seen = await firstValueFrom(app.events({ types: [Noted] }))
    expect(seen.data).toEqual(new Noted(rich))
    expect({ ...seen.data }).toEqual(rich)
  })

  it('are in a journaled command what they were when it was decided', async () => {
    await app.settled()
    const [entry] = await readJournal(app.store, 'copying', 'n1')
    const [command] = entry!.commands
    expect(JSON.stringify(command!.data)).toBe(text)
    expect(Copy.restore(command!.data)).toEqual(new Copy(rich))
  })
})
