import { lacking } from './lacking.js'
import type { Snapshots } from './snapshots.js'

describe('lacking', () => {
  it('refuses whatever is asked, and names adapter and capability', async () => {
    const snapshots = lacking<Snapshots>('file', 'snapshots')
    const refused = { code: 'capability-missing', adapter: 'file', capability: 'snapshots' }
    await expect(snapshots.load('account-1', 1)).rejects.toMatchObject(refused)
    await expect(snapshots.delete('account-1')).rejects.toMatchObject(refused)
  })

  it('may be awaited and printed', async () => {
    const snapshots = lacking<Snapshots>('file', 'snapshots')
    expect(await snapshots).toBe(snapshots)
    expect(`${typeof snapshots}`).toBe('object')
  })
})
