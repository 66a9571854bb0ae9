import { type Acknowledged, type History, noViolations, type Place, type StoredPlace, violationsOf } from './history.js'

const stored = (position: number, version = position): StoredPlace => ({ position, id: `e${position}`, stream: 's', version })
const place = (position: number, id = `e${position}`): Place => ({ position, id })
const acknowledged = (position: number, id = `e${position}`): Acknowledged => ({ ...stored(position), id, appender: 'a' })

function history(changes: { stored?: StoredPlace[]; acknowledged?: Acknowledged[]; given?: Place[] } = {}): History {
  const { given = [place(1), place(2), place(3)] } = changes
  return {
    stored: [stored(1), stored(2), stored(3)],
    acknowledged: [acknowledged(1), acknowledged(3)],
    ...changes,
    delivered: new Map([['reader', given]]),
  }
}

describe('The check of a history', () => {
  it('finds nothing where all promises were kept', () => {
    expect(violationsOf(history())).toEqual(noViolations)
  })

  it.each<[string, keyof typeof noViolations, History]>([
    ['an acknowledged event that is not there', 'lost', history({ acknowledged: [acknowledged(1), acknowledged(3, 'other')] })],
    ['an event that a reader went past', 'skipped', history({ given: [place(1), place(3)] })],
    ['an event that a reader was given twice', 'doubled', history({ given: [place(1), place(2), place(2), place(3)] })],
    [
      'an event that is stored twice',
      'doubled',
      history({
        stored: [stored(1), stored(2), stored(3), { ...stored(4), id: 'e1' }],
        given: [place(1), place(2), place(3), place(4, 'e1')],
      }),
    ],
    ['a reader that was given a later event first', 'outOfOrder', history({ given: [place(2), place(1), place(3)] })],
    [
      'an appender whose next event stands before its last',
      'outOfOrder',
      history({ acknowledged: [acknowledged(3), acknowledged(1)] }),
    ],
    ['a stream with a gap', 'outOfOrder', history({ stored: [stored(1), stored(2), stored(3, 5)], acknowledged: [] })],
    ['an event that was given out and is gone', 'gone', history({ given: [place(1), place(2), place(3), place(4)] })],
  ])('finds %s', (_, kind, given) => {
    expect(violationsOf(given)).toEqual({ ...noViolations, [kind]: 1 })
  })
})
