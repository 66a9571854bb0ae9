import { run } from './run-program.js'

const node = (program: string, timeout = 30_000) => run(process.execPath, ['-e', program], { cwd: process.cwd(), timeout })

describe('a program', () => {
  it('gives back what it printed', async () => {
    await expect(node("console.log('done'); console.error('a note')")).resolves.toBe('done\n')
  })

  it('that fails tells all that it printed', async () => {
    await expect(node("console.log('begun'); console.error('no way'); process.exitCode = 3")).rejects.toThrow(
      /begun.*no way.*It ended with 3/s,
    )
  })

  it('that takes too long is ended', async () => {
    await expect(node('setInterval(() => {}, 1000)', 300)).rejects.toThrow('It was ended by SIGTERM')
  })

  it('that is not there is an error', async () => {
    await expect(run('./no-such-program', [], { cwd: process.cwd() })).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
