import { closingAfterEach } from './closing-after-each.js'

/** With its hook at hand, to be run within a test. */
function withItsHook() {
  let hook: (() => Promise<void>) | undefined
  const after = jest.spyOn(globalThis, 'afterEach').mockImplementation((given) => {
    hook = given as () => Promise<void>
  })
  const closeLater = closingAfterEach()
  after.mockRestore()
  return { closeLater, endTest: () => hook!() }
}

describe('what a test opens', () => {
  const closed: string[] = []
  const close = (name: string) => async () => closed.push(name)
  beforeEach(() => closed.splice(0))

  it('is closed once it has ended, the last one first', async () => {
    const { closeLater, endTest } = withItsHook()
    closeLater(close('first'))
    closeLater(close('second'))
    expect(closed).toEqual([])
    await endTest()
    await endTest()
    expect(closed).toEqual(['second', 'first'])
  })

  it('is closed although something else can not be, and the test fails with all that went wrong', async () => {
    const { closeLater, endTest } = withItsHook()
    const fail = (message: string) => () => Promise.reject(new Error(message))
    closeLater(close('first'))
    closeLater(fail('one'))
    await expect(endTest()).rejects.toThrow(/^one$/)
    closeLater(close('second'))
    closeLater(fail('one'))
    closeLater(fail('two'))
    await expect(endTest()).rejects.toThrow('Error: two\nError: one')
    expect(closed).toEqual(['first', 'second'])
  })
})
