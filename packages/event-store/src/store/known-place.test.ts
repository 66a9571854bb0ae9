import { LogRewoundError } from '../errors/log-rewound-error.js'
import { type FoundLog, KnownPlace } from './known-place.js'

const found: FoundLog = { incarnation: 'one', head: 7, eventId: 'e7' }

function knownAt(position: number, eventId?: string): KnownPlace {
  const known = new KnownPlace('memory', 'one')
  known.note(position, eventId)
  return known
}

const codeOf = (known: KnownPlace, changes: Partial<FoundLog> = {}) => known.compare(known.now, { ...found, ...changes })?.code

describe('A log', () => {
  it('is the same while it goes on from the known place', () => {
    expect(codeOf(knownAt(7, 'e7'))).toBeUndefined()
    expect(codeOf(knownAt(7, 'e7'), { head: 12 })).toBeUndefined()
    expect(codeOf(knownAt(0), { head: 0, eventId: undefined })).toBeUndefined()
  })

  it('is the same where the known event was deleted for good, and the log goes on beyond it', () => {
    expect(codeOf(knownAt(7, 'e7'), { head: 12, eventId: undefined })).toBeUndefined()
  })

  it('is the same where only the position was known, and it reaches so far', () => {
    expect(codeOf(knownAt(7))).toBeUndefined()
  })

  it.each([
    ['ends before the known place', knownAt(8, 'e8'), {}],
    ['ends before a position whose event was not known', knownAt(8), {}],
    ['has another event there', knownAt(7, 'other'), {}],
    ['is of another incarnation', knownAt(7, 'e7'), { incarnation: 'two' }],
    ['is of another incarnation, though nothing was known yet', knownAt(0), { incarnation: 'two' }],
  ])('was rewound where it %s', (_, known, changes) => {
    expect(codeOf(known, changes)).toBe('log-rewound')
  })

  it('tells in its error what was known and what was found', () => {
    const known = knownAt(8, 'e8')
    const error = known.compare(known.now, found)
    expect(error).toBeInstanceOf(LogRewoundError)
    expect(error).toMatchObject({
      adapter: 'memory',
      lastKnown: { incarnation: 'one', position: 8, eventId: 'e8' },
      found: { incarnation: 'one', head: 7, eventId: 'e7' },
    })
    expect(error?.message).toContain('it reached position 8 and ends at 7')
  })
})

describe('The known place', () => {
  it('only moves forwards', () => {
    const known = knownAt(7, 'e7')
    known.note(3, 'e3')
    expect(known.now).toEqual({ incarnation: 'one', position: 7, eventId: 'e7' })
    known.note(9)
    expect(known.now).toEqual({ incarnation: 'one', position: 9, eventId: undefined })
  })

  it('learns the id of an event whose position it knew', () => {
    const known = knownAt(7)
    known.note(7, 'e7')
    known.note(7)
    expect(known.now.eventId).toBe('e7')
  })
})
