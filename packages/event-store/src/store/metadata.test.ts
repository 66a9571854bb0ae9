import { metadataText } from './metadata.js'

describe('metadataText', () => {
  const id = '01a1fed3-d4fe-7000-9413-2caa3ff151c7'

  it.each([
    {},
    { correlationId: id, causationId: id },
    { correlationId: 'a "b"', causationId: id },
    { correlationId: id, causationId: '\u0000\ud800' },
    { correlationId: '', causationId: '' },
    { correlationId: id },
    { causationId: id },
    { correlationId: id, causationId: id, actor: 'Ann', causationDepth: 2 },
    { user: { deep: [1, 2] } },
  ])('is what JSON.stringify makes of %j', (metadata) => {
    expect(metadataText(metadata)).toBe(JSON.stringify(metadata))
  })
})
