import { systemRuntime } from './runtime.js'

describe('systemRuntime', () => {
  it("tells this process's time, and a monotonic one", () => {
    const [now, before] = [Date.now(), systemRuntime.monotonic()]
    expect(Math.abs(systemRuntime.now() - now)).toBeLessThan(1_000)
    expect(systemRuntime.monotonic()).toBeGreaterThanOrEqual(before)
  })

  it('sleeps at least so long', async () => {
    const before = systemRuntime.monotonic()
    await systemRuntime.sleep(20)
    // A timer may fire a fraction of a millisecond early.
    expect(systemRuntime.monotonic() - before).toBeGreaterThan(18)
  })

  it('wakes up without an error when the signal aborts, also one that had aborted before', async () => {
    const abort = new AbortController()
    const sleeping = systemRuntime.sleep(60_000, abort.signal)
    abort.abort(new Error('stop'))
    await expect(sleeping).resolves.toBeUndefined()
    await expect(systemRuntime.sleep(60_000, abort.signal)).resolves.toBeUndefined()
  })

  it('draws numbers from 0 up to 1, and UUIDs', () => {
    expect(systemRuntime.random()).toBeGreaterThanOrEqual(0)
    expect(systemRuntime.random()).toBeLessThan(1)
    const [one, two] = [systemRuntime.uuid(), systemRuntime.uuid()]
    expect([two, one].sort()).toEqual([one, two])
  })
})
