import { fc } from '../../test/fast-check.js'
import { whyQueryIsMalformed } from './check-append.js'
import { type EventQuery, matchesQuery } from './query.js'

const opened = { type: 'account-opened', tags: ['email:ann', 'branch:ulm'] }
const untagged = { type: 'account-closed', tags: [] }

describe('matchesQuery', () => {
  it.each<[string, EventQuery['items'], boolean, boolean]>([
    ['a type', [{ types: ['account-opened'] }], true, false],
    ['any of two types', [{ types: ['account-closed', 'account-opened'] }], true, true],
    ['another type', [{ types: ['account'] }], false, false],
    ['a tag', [{ tags: ['email:ann'] }], true, false],
    ['all tags', [{ tags: ['branch:ulm', 'email:ann'] }], true, false],
    ['a tag that is missing', [{ tags: ['email:ann', 'email:bob'] }], false, false],
    ['a type and a tag', [{ types: ['account-opened'], tags: ['email:ann'] }], true, false],
    ['the type without the tag', [{ types: ['account-opened'], tags: ['email:bob'] }], false, false],
    ['the tag without the type', [{ types: ['account-closed'], tags: ['email:ann'] }], false, false],
    ['any of two items', [{ tags: ['email:bob'] }, { types: ['account-closed'] }], false, true],
    ['a type, whatever the tags', [{ types: ['account-opened', 'account-closed'], tags: [] }], true, true],
    ['no item', [], false, false],
    ['no type', [{ types: [] }], false, false],
  ])('asks for %s', (_, items, isOpenedMatch, isUntaggedMatch) => {
    expect([matchesQuery({ items }, opened), matchesQuery({ items }, untagged)]).toEqual([isOpenedMatch, isUntaggedMatch])
  })

  it('finds, with more items, never less, and with more tags never more', () => {
    const names = fc.subarray(['a', 'b', 'c', 'd'])
    const item = fc.record({ types: names.filter((types) => types.length > 0), tags: names })
    fc.assert(
      fc.property(fc.array(item), item, names, fc.constantFrom('a', 'b', 'c'), names, (items, one, more, type, tags) => {
        const event = { type, tags }
        const before = matchesQuery({ items }, event)
        expect(matchesQuery({ items: [...items, one] }, event)).toBe(before || matchesQuery({ items: [one] }, event))
        if (matchesQuery({ items: [{ ...one, tags: [...one.tags, ...more] }] }, event)) {
          expect(matchesQuery({ items: [one] }, event)).toBe(true)
        }
      }),
    )
  })
})

describe('whyQueryIsMalformed', () => {
  it.each<[string, EventQuery['items']]>([
    ['items', []],
    ['items are no list', undefined as never],
    ['items are no list', 'email' as never],
    ['neither types nor tags', [{}]],
    ['neither types nor tags', [null as never]],
    ['types or tags are no list', [{ types: 'registered' as never }]],
    ['types or tags are no list', [{ tags: new Set(['a']) as never }]],
    ['neither types nor tags', [{ tags: [] }]],
    ['empty list of types', [{ types: [] }]],
    ['empty list of types', [{ types: [], tags: ['a'] }]],
    ['printable', [{ types: [''] }]],
    ['printable', [{ tags: ['a\nb'] }]],
    ['printable', [{ types: ['a'] }, { tags: ['\ud83d'] }]],
    ['printable', [{ tags: ['t'.repeat(257)] }]],
    ['printable', [{ tags: [undefined as never] }]],
  ])('names %s', (reason, items) => {
    expect(whyQueryIsMalformed({ items })).toContain(reason)
  })

  it('has nothing against a well-formed one', () => {
    expect(whyQueryIsMalformed({ items: [{ types: ['a'] }, { tags: ['b'] }, { types: ['a'], tags: [] }] })).toBeUndefined()
  })
})
