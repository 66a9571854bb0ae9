import { WrongCredentials } from './session.errors.js'
import { SignInAttempts } from './sign-in-attempts.js'

describe('attempts to sign in', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] }))
  afterEach(() => jest.useRealTimers())

  const wrong = async () => {
    throw new WrongCredentials()
  }
  const right = async () => 'signed in'
  const guess = async (attempts: SignInAttempts, times: number) => {
    for (let time = 0; time < times; time++)
      await expect(attempts.of('42', wrong)).rejects.toMatchObject({ code: 'wrong-credentials' })
  }

  it('are held up after ten wrong passwords in a minute, the right one as well, and only of that account', async () => {
    const attempts = new SignInAttempts()
    await guess(attempts, 10)
    jest.advanceTimersByTime(45_000)
    await expect(attempts.of('42', right)).rejects.toMatchObject({ status: 429, code: 'too-many-attempts' })
    const refusal = (await attempts.of('42', right).catch((problem) => problem)).toResponse() as Response
    expect(refusal.headers.get('Retry-After')).toBe('15')
    expect(await attempts.of('43', right)).toBe('signed in')
    jest.advanceTimersByTime(15_000)
    expect(await attempts.of('42', right)).toBe('signed in')
  })

  it('begin anew after the right password', async () => {
    const attempts = new SignInAttempts()
    await guess(attempts, 9)
    expect(await attempts.of('42', right)).toBe('signed in')
    await guess(attempts, 10)
    await expect(attempts.of('42', right)).rejects.toMatchObject({ code: 'too-many-attempts' })
  })

  it('begin anew after a minute', async () => {
    const attempts = new SignInAttempts()
    await guess(attempts, 9)
    jest.advanceTimersByTime(60_000)
    await guess(attempts, 9)
    expect(await attempts.of('42', right)).toBe('signed in')
  })

  it('do not count what is no answer to the password', async () => {
    const attempts = new SignInAttempts()
    const away = async () => {
      throw new Error('the store is away')
    }
    for (let time = 0; time < 20; time++) await expect(attempts.of('42', away)).rejects.toThrow('the store is away')
    expect(await attempts.of('42', right)).toBe('signed in')
  })
})
