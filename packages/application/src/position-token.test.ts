import { systemRuntime } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { Application } from './application.js'
import { positionIn, positionToken } from './position-token.js'

const incarnation = '0193a7c2-5e1b-4f6d-8a90-1c2d3e4f5a6b'

describe('a position token', () => {
  it.each([0, 1, 255, 256, 1_234_567_890, Number.MAX_SAFE_INTEGER])('carries position %d as URL-safe text', (position) => {
    const token = positionToken(position, incarnation)
    expect(token).toMatch(/^[A-Za-z0-9_-]{32}$/)
    expect(positionIn(token, incarnation)).toBe(position)
  })

  it('of another incarnation of the log is stale', () => {
    const other = systemRuntime.uuid()
    expect(() => positionIn(positionToken(7, incarnation), other)).toThrow(
      expect.objectContaining({ code: 'stale-position-token', position: 7, incarnation, current: other }),
    )
  })

  it.each(['', '7', 'x'.repeat(32), `${positionToken(7, incarnation)}A`, positionToken(7, incarnation).slice(1)])(
    "that was cut or made up is told from a stale one ('%s')",
    (token) => {
      expect(() => positionIn(token, incarnation)).toThrow(expect.objectContaining({ code: 'invalid-position-token' }))
    },
  )

  it('is given and taken by an application; one of another store is refused', async () => {
    const [app, other] = await Promise.all(
      ['app', 'other'].map((name) => Application.create({ name, store: inMemoryEventStore(), modules: [] })),
    )
    expect(() => app!.positionToken(1)).toThrow(expect.objectContaining({ code: 'application-not-running' }))
    await Promise.all([app!.start(), other!.start()])
    const token = app!.positionToken(0)
    await app!.waitFor(token)
    await expect(other!.waitFor(token)).rejects.toMatchObject({ code: 'stale-position-token' })
    await expect(app!.waitFor('nonsense')).rejects.toMatchObject({ code: 'invalid-position-token' })
    for (const position of [Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY])
      await expect(app!.waitFor(position)).rejects.toMatchObject({ code: 'invalid-option', option: 'position' })
    await Promise.all([app!.stop(), other!.stop()])
  })
})
