import { join } from 'node:path'
import { type TestProcess, testProcesses, until } from '@writ/build-tools'

// A real process and real signals; it runs what was built, as a service does.
describe('a service that is told to end', () => {
  const start = testProcesses()
  let service: TestProcess
  let messages: unknown[]
  const begin = async (...parameters: string[]) => {
    messages = []
    service = start(join(__dirname, '../test/service.mjs'), parameters, { hear: (message) => messages.push(message) })
    await heard('deciding')
  }
  const heard = (message: string) => until(`it is ${message}`, () => messages.includes(message))

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'finishes what is under way on %s, frees the rest in order, and exits with 0',
    async (signal) => {
      await begin()
      service.signal(signal)
      expect(await service.ended()).toBe(0)
      expect(messages).toEqual(['deciding', 'stopping', { version: 1 }, 'stopped'])
    },
  )

  it('exits at once on a second signal', async () => {
    await begin('stuck')
    service.signal('SIGTERM')
    await heard('stopping')
    service.signal('SIGTERM')
    expect(await service.ended()).toBe(1)
    expect(messages).toEqual(['deciding', 'stopping'])
  })
})
