import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

// A real process and real signals; it runs what was built, as a service does.
describe('a service that is told to end', () => {
  let service: ChildProcess
  const messages: unknown[] = []
  const begin = async (...args: string[]) => {
    messages.length = 0
    service = fork(join(__dirname, '../test', 'service.mjs'), args)
    service.on('message', (message) => messages.push(message))
    await heard('deciding')
  }
  const heard = async (message: string) => {
    while (!messages.includes(message)) await once(service, 'message')
  }
  afterEach(() => service.kill('SIGKILL'))

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'finishes what is under way on %s, frees the rest in order, and exits with 0',
    async (signal) => {
      await begin()
      service.kill(signal)
      const [code] = await once(service, 'exit')
      expect(messages).toEqual(['deciding', 'stopping', { version: 1 }, 'stopped'])
      expect(code).toBe(0)
    },
  )

  it('exits at once on a second signal', async () => {
    await begin('stuck')
    service.kill('SIGTERM')
    await heard('stopping')
    service.kill('SIGTERM')
    const [code] = await once(service, 'exit')
    expect(messages).toEqual(['deciding', 'stopping'])
    expect(code).toBe(1)
  })
})
