import { openLoop } from './open-loop.js'
import { OperationFailed } from './system.js'

describe('an open loop', () => {
  it('begins operations at its rate, while others are under way', async () => {
    let running = 0
    let most = 0
    const loop = await openLoop(200, 0.1, async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 50))
      running--
      return performance.now()
    })
    expect(loop.latencies).toHaveLength(20)
    expect(most).toBeGreaterThan(3)
    expect(Math.min(...loop.latencies)).toBeGreaterThan(40)
  })

  it('counts what an operation waits for its turn', async () => {
    const loop = await openLoop(100, 0.05, async () => {
      const until = performance.now() + 30
      while (performance.now() < until);
      return performance.now()
    })
    expect(Math.max(...loop.latencies)).toBeGreaterThan(60)
  })

  it('counts what came to nothing apart', async () => {
    let turn = 0
    const loop = await openLoop(100, 0.05, async () => {
      if (++turn % 2 === 0) throw new OperationFailed('passed over')
      return performance.now()
    })
    expect(loop.latencies).toHaveLength(3)
    expect(loop.failuresPerSecond).toBeGreaterThan(0)
  })

  it('fails with an operation', async () => {
    const failing = openLoop(100, 0.05, () => Promise.reject(new Error('no connection')))
    await expect(failing).rejects.toThrow('no connection')
  })
})
