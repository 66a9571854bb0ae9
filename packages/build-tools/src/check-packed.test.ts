import { checkPacked } from './check-packed.js'
import type { PackedManifest } from './packed-package.js'

const files = ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.js.map', 'dist/index.d.ts', 'src/index.ts']
const manifest: PackedManifest = {
  name: '@writ/aggregate',
  version: '1.0.0',
  exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
  dependencies: { '@writ/event-store': '^1.0.0' },
  peerDependencies: { zod: '^4.6.7' },
}
const eventStore: PackedManifest = { name: '@writ/event-store', version: '1.0.0', peerDependencies: { zod: '^4.6.7' } }
const manifests = new Map([[eventStore.name, eventStore]])

const read = () => "import type { Pool } from 'pg';\n"

const check = (changes: Partial<PackedManifest>, more: readonly string[] = [], less: readonly string[] = []) => {
  const packed = [...files, ...more].filter((file) => !less.includes(file))
  return checkPacked({ manifest: { ...manifest, ...changes }, files: packed, read }, manifests)
}

describe('a packed package', () => {
  it('is accepted with its code, its sources and what has to be read', () => {
    expect(check({})).toEqual([])
  })

  it('is refused without exports, and with a condition that only this repository knows', () => {
    const { exports: _, ...without } = manifest
    expect(checkPacked({ manifest: without, files, read }, manifests)).toEqual([expect.stringContaining('It has no exports')])
    const exports = { '.': { '@writ/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' } }
    expect(check({ exports })).toEqual([expect.stringContaining("The entry '.' must have the conditions types and default")])
    expect(check({ exports: { './more': './dist/index.js' } })).toEqual([expect.stringContaining("The entry './more'")])
  })

  it.each(['README.md', 'LICENSE'])('is refused without its %s', (file) => {
    expect(check({}, [], [file])).toEqual([expect.stringContaining(`${file} is missing`)])
  })

  it.each([
    ['src/index.test.ts', 'belongs to tests'],
    ['src/index.test-d.ts', 'belongs to tests'],
    ['src/test/double.ts', 'belongs to tests'],
    ['dist/test/double.js', 'belongs to tests'],
    ['dist/tsconfig.tsbuildinfo', "the compiler's own"],
    ['dist/gone.js', 'left over from src/gone.ts'],
    ['dist/gone.d.ts.map', 'left over from src/gone.ts'],
    ['dist/report.json', 'made by nobody known'],
    ['tsconfig.json', 'should not be'],
  ])('is refused with %s', (file, reason) => {
    expect(check({}, [file])).toEqual([expect.stringMatching(`^${file} .*${reason}`)])
  })

  it('is refused with a version that only this repository can read', () => {
    expect(check({ dependencies: { '@writ/event-store': 'workspace:^' } })).toEqual([
      "It depends on @writ/event-store as 'workspace:^', which means nothing outside of this repository.",
    ])
  })

  it('is refused with a peer that may have one version only', () => {
    expect(check({ peerDependencies: { zod: '4.6.7' } })).toEqual([expect.stringContaining('Its peer zod may be 4.6.7')])
  })

  it('is refused without the peers of what it depends on', () => {
    expect(check({ peerDependencies: {} })).toEqual([
      '@writ/event-store needs zod beside it: make zod a peerDependency here, too.',
    ])
  })

  it('need not name a peer that its dependency can do without', () => {
    const relaxed = { ...eventStore, peerDependenciesMeta: { zod: { optional: true } } }
    const { peerDependencies: _, ...without } = manifest
    expect(checkPacked({ manifest: without, files, read }, new Map([[relaxed.name, relaxed]]))).toEqual([])
  })

  it('is refused when the types that its declarations show are not installed with it', () => {
    const types = { '@types/pg': '^8.0.0' }
    expect(check({ devDependencies: types })).toEqual([expect.stringContaining('Its declarations need @types/pg')])
    expect(check({ dependencies: types, devDependencies: {} })).toEqual([])
  })
})
