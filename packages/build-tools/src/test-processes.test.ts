import { join } from 'node:path'
import { TestProcess } from './test-process.js'
import { testProcesses } from './test-processes.js'
import { until } from './until.js'

const script = join(__dirname, '../test/obedient-process.mjs')

interface Message {
  readonly ready?: readonly string[]
  readonly count?: number
}

describe('a process of a test', () => {
  const start = testProcesses()

  it('is given its parameters and its environment, and is heard', async () => {
    const heard: Message[] = []
    start<Message>(script, ['a', 1], {
      failpoints: 'here:2=SIGKILL',
      environment: { HOME: undefined },
      hear: (message) => heard.push(message),
    })
    await until('it is ready', () => heard.length > 0)
    expect(heard[0]).toEqual({ ready: ['a', '1'], failpoints: 'here:2=SIGKILL' })
  })

  it('prints lines, of which only whole ones count, and complaints', async () => {
    const process = start(script)
    process.send({ print: 'one\ntw' })
    await until('it has printed', () => process.printed === 'one\ntw')
    expect(process.lines).toEqual(['one'])
    process.send({ print: 'o\n', complain: 'Oh.' })
    await until('it has complained', () => process.complaints === 'Oh.' && process.lines.length === 2)
    expect(process.lines).toEqual(['one', 'two'])
    expect(process.report).toBe('obedient-process.mjs printed:\nOh.')
  })

  it('says nothing while it is frozen, and goes on when it is thawed', async () => {
    const frozen = start<Message>(script)
    const [other, count] = [start<Message>(script), () => frozen.newest?.count ?? 0]
    await until('it counts', () => count() > 5)
    frozen.freeze()
    // What it said before is heard before the other has said as much.
    await until('the other counts', () => (other.newest?.count ?? 0) > 50)
    const before = count()
    const also = other.newest!.count!
    await until('the other counts on', () => other.newest!.count! > also + 50)
    expect(count()).toBe(before)
    frozen.thaw()
    await until('it counts on', () => count() > before)
  })

  it('tells how it ended: by its code, or by the signal', async () => {
    const [first, second, third] = [start(script), start(script), start(script)]
    first.send({ exit: 3 })
    expect(await first.ended()).toBe(3)
    third.freeze()
    expect(await Promise.all([second.kill(), third.kill()])).toEqual(['SIGKILL', 'SIGKILL'])
    expect([first, second, third].map(({ hasEnded }) => hasEnded)).toEqual([true, true, true])
  })

  it('need not hear what is said to it after it has ended by itself, and may be killed then', async () => {
    const process = start(script)
    process.send({ print: 'last words', exit: 0 })
    for (let count = 0; count < 1_000; count++) process.send({ send: count })
    expect(await process.ended()).toBe(0)
    process.send({ send: 'late' })
    expect(await process.kill()).toBe(0)
    expect(process.printed).toBe('last words')
  })

  it('that complains is heard when something does not come to be', async () => {
    start(script).send({ complain: 'Oh, no.' })
    await until('its complaint has come', async () => {
      const error = await until('pigs fly', () => false, 1).catch(({ message }: Error) => message)
      return error === 'It did not come to be that pigs fly.\nobedient-process.mjs printed:\nOh, no.'
    })
  })

  it('that fails by itself ends the waiting at once, with all that it printed', async () => {
    const process = start(script)
    process.send({ print: 'Here I go. ', complain: 'Oh, no.', exit: 3 })
    await expect(until('pigs fly', () => false)).rejects.toThrow(
      /^It did not come to be that pigs fly: obedient-process\.mjs ended with 3 by itself\. It printed:\n(?=.*Here I go\.).*Oh, no\./,
    )
    // The test would fail for it otherwise.
    await process.ended()
  })
})

describe('the processes of a test that are still there at its end', () => {
  const left: TestProcess[] = []
  const hooks: (() => Promise<void>)[] = []
  const start = hookedBy((hook) => hooks.push(hook))

  it('get a kill -9, and fail the test if they failed by themselves', async () => {
    const [frozen, failed] = [start(script), start(script)]
    frozen.freeze()
    failed.send({ complain: 'Oh, no.', exit: 4 })
    await until('it has ended', () => failed.hasEnded).catch(() => 'the hook below says the same')
    await expect(hooks[0]!()).rejects.toThrow('obedient-process.mjs ended with 4 by itself. It printed:\nOh, no.')
    expect([frozen.hasEnded, await frozen.ended()]).toEqual([true, 'SIGKILL'])
    left.push(start(script))
    await hooks[0]!()
    expect(await left[0]!.ended()).toBe('SIGKILL')
    await expect(until('pigs fly', () => false, 1)).rejects.toThrow(/fly\.$/)
  })
})

/** What `testProcesses` gives a `describe`, with its hook at hand. */
function hookedBy(take: (hook: () => Promise<void>) => void) {
  const { afterEach } = globalThis
  globalThis.afterEach = ((hook: () => Promise<void>) => take(hook)) as typeof afterEach
  try {
    return testProcesses()
  } finally {
    globalThis.afterEach = afterEach
  }
}
