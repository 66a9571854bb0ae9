import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { checkImports, type Finding, type Rule } from './check-imports.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'writ-check-imports-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

type Manifest = Record<string, unknown>

/** A workspace of these packages; each is its manifest and its files. */
function check(packages: Record<string, [manifest: Manifest, files?: Record<string, string>]>): Finding[] {
  for (const [folder, [manifest, files = {}]] of Object.entries(packages)) {
    const name = `@writ/${folder.split('/').at(-1)}`
    write(`${folder}/package.json`, JSON.stringify({ name, exports: { '.': './src/index.ts' }, ...manifest }, null, 2))
    for (const [path, text] of Object.entries(files)) write(`${folder}/${path}`, text)
  }
  return checkImports(root)
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

/** The rule, the place and a part of the message: what a reader needs. */
const finding = (rule: Rule, place: string, message: string) => {
  const [file, line] = place.split(':')
  return { rule, file, line: Number(line), message: expect.stringContaining(message) }
}

const onEventStore = { dependencies: { '@writ/event-store': 'workspace:^' } }
const eventStore: [Manifest, Record<string, string>] = [{}, { 'src/index.ts': 'export const stream = 1\n' }]

describe('the direction of imports', () => {
  it('accepts a package that imports one below it', () => {
    const files = { 'src/index.ts': "export { stream } from '@writ/event-store'\n" }
    expect(check({ 'packages/event-store': eventStore, 'packages/aggregate': [onEventStore, files] })).toEqual([])
  })

  it('finds an import of a package that stands above', () => {
    const manifest = { dependencies: { '@writ/aggregate': 'workspace:^' } }
    const files = { 'src/index.ts': "\nimport type { Aggregate } from '@writ/aggregate'\nexport type A = Aggregate\n" }
    expect(check({ 'packages/event-store': [manifest, files], 'packages/aggregate': [{}] })).toEqual([
      finding('wrong-direction', 'packages/event-store/package.json:7', '@writ/event-store must not import @writ/aggregate'),
      finding('wrong-direction', 'packages/event-store/src/index.ts:2', 'It may import no other package of Writ'),
    ])
  })

  it('finds one in an import type, a dynamic import and a re-export', () => {
    const files = {
      'src/type.ts': "export type A = import('@writ/application').Application\n",
      'src/dynamic.ts': "export const load = () => import('@writ/application')\n",
      'src/again.ts': "export * from '@writ/application'\n",
    }
    const places = check({ 'packages/aggregate': [{}, files] }).map(({ rule, file }) => `${rule} ${file.split('/').at(-1)}`)
    expect(places.sort()).toEqual(['wrong-direction again.ts', 'wrong-direction dynamic.ts', 'wrong-direction type.ts'])
  })

  it('lets tests import the doubles, but not what stands above', () => {
    const manifest = { devDependencies: { '@writ/event-store-memory': 'workspace:^', '@writ/application': 'workspace:^' } }
    const files = {
      'src/x.test.ts': "import '@writ/event-store-memory'\nimport '@writ/application'\n",
      'src/x.ts': "import '@writ/event-store-memory'\n",
    }
    expect(check({ 'packages/aggregate': [manifest, files] })).toEqual([
      finding('wrong-direction', 'packages/aggregate/src/x.test.ts:2', '@writ/application'),
      finding('wrong-direction', 'packages/aggregate/src/x.ts:1', '@writ/event-store-memory'),
    ])
  })

  it('lets an app import any package, and nobody an app', () => {
    const files = { 'src/main.ts': "import '@writ/aggregate'\n" }
    const bank: [Manifest, Record<string, string>] = [{ dependencies: { '@writ/aggregate': 'workspace:^' } }, files]
    const above = { 'src/index.ts': "import '@writ/example-bank'\n" }
    expect(check({ 'packages/aggregate': [{}], 'apps/example-bank': bank, 'packages/event-store': [{}, above] })).toEqual([
      finding('wrong-direction', 'packages/event-store/src/index.ts:1', '@writ/example-bank'),
    ])
  })

  it('finds a package that nobody gave a place', () => {
    expect(check({ 'packages/novelty': [{}] })).toEqual([
      finding('unplaced-package', 'packages/novelty/package.json:1', 'packages/build-tools/src/layers.ts'),
    ])
  })
})

describe('circles', () => {
  it('finds one among files, once', () => {
    const files = {
      'src/a.ts': "import { b } from './b.js'\nexport const a = () => b\n",
      'src/b.ts': "\nimport { c } from './deep/c.js'\nexport const b = c\n",
      'src/deep/c.ts': "export { a as c } from '../a.js'\n",
    }
    expect(check({ 'packages/event-store': [{}, files] })).toEqual([
      finding('cycle', 'packages/event-store/src/deep/c.ts:1', 'a.ts → b.ts → c.ts → a.ts is a circle'),
    ])
  })

  it('accepts one of types only', () => {
    const files = {
      'src/a.ts': "import type { B } from './b.js'\nexport interface A { b: B }\n",
      'src/b.ts': "import { type A } from './a.js'\nexport interface B { a: A }\n",
    }
    expect(check({ 'packages/event-store': [{}, files] })).toEqual([])
  })

  it('finds one among packages, through devDependencies too', () => {
    const down = { devDependencies: { '@writ/event-store-memory': 'workspace:^' } }
    expect(check({ 'packages/event-store': [down], 'packages/event-store-memory': [onEventStore] })).toEqual([
      finding(
        'cycle',
        'packages/event-store/package.json:1',
        '@writ/event-store → @writ/event-store-memory → @writ/event-store is a circle',
      ),
    ])
  })
})

describe('deep imports', () => {
  it('finds a subpath that is not exported', () => {
    const files = { 'src/index.ts': "import { stream } from '@writ/event-store/src/stream.js'\nexport const s = stream\n" }
    expect(check({ 'packages/event-store': eventStore, 'packages/aggregate': [onEventStore, files] })).toEqual([
      finding('deep-import', 'packages/aggregate/src/index.ts:1', "import from '@writ/event-store'"),
    ])
  })

  it('accepts a subpath that is exported', () => {
    const exports = { exports: { '.': './src/index.ts', './testing': './src/testing.ts' } }
    const files = { 'src/index.ts': "import '@writ/event-store/testing'\n" }
    expect(check({ 'packages/event-store': [exports], 'packages/aggregate': [onEventStore, files] })).toEqual([])
  })

  it('finds a relative path that leaves the package', () => {
    const files = { 'src/x.test.ts': "import { stream } from '../../event-store/src/index.js'\nstream.toFixed()\n" }
    expect(check({ 'packages/event-store': eventStore, 'packages/aggregate': [onEventStore, files] })).toEqual([
      finding('deep-import', 'packages/aggregate/src/x.test.ts:1', 'leaves the package'),
    ])
  })
})

describe('declared dependencies', () => {
  it('finds an import that package.json does not name', () => {
    const files = {
      'src/x.ts': "import { z } from 'zod/v4'\nexport const y = z\n",
      'src/x.test.ts': "import fc from 'fast-check'\nfc.assert\n",
    }
    expect(check({ 'packages/event-store': [{}, files] })).toEqual([
      finding(
        'undeclared-dependency',
        'packages/event-store/src/x.test.ts:1',
        "'fast-check' is not in packages/event-store/package.json: add it to devDependencies",
      ),
      finding(
        'undeclared-dependency',
        'packages/event-store/src/x.ts:1',
        "'zod' is not in packages/event-store/package.json: add it to dependencies or peerDependencies",
      ),
    ])
  })

  it('lets only tests use devDependencies', () => {
    const manifest = { devDependencies: { zod: '4', '@scope/tool': '1' } }
    const files = {
      'src/x.ts': "import 'zod'\n",
      'src/x.test.ts': "import 'zod'\nimport '@scope/tool/deep'\n",
      'src/x.test-d.ts': "import 'zod'\n",
      'test/server.ts': "import 'zod'\n",
    }
    expect(check({ 'packages/event-store': [manifest, files] })).toEqual([
      finding('undeclared-dependency', 'packages/event-store/src/x.ts:1', 'only a devDependency'),
    ])
  })

  it('accepts peers, optional dependencies and what Node brings', () => {
    const manifest = { peerDependencies: { pg: '8' }, optionalDependencies: { fast: '1' } }
    expect(
      check({ 'packages/postgres-embedded': [manifest, { 'src/x.ts': "import 'pg'\nimport 'fast'\nimport 'node:fs'\n" }] }),
    ).toEqual([])
  })
})

describe('time, timers and chance in core packages', () => {
  const whatIn = (source: string, path = 'src/x.ts', name = 'event-store') =>
    check({ [`packages/${name}`]: [{}, { [path]: source }] }).map(({ line, message }) => `${line} ${message.split(' can')[0]}`)

  it('finds every source of them', () => {
    const source = [
      'export const a = Date.now()',
      'export const b = new Date()',
      'export const c = Math.random()',
      'export const d = crypto.randomUUID()',
      'setTimeout(() => {}, 1)',
      'export const e = globalThis.setInterval',
      "import { createHash } from 'node:crypto'",
      'export const f = performance.now()',
    ].join('\n')
    expect(whatIn(source)).toEqual([
      '1 Date.now',
      '2 new Date()',
      '3 Math.random',
      '4 crypto',
      '5 setTimeout',
      '6 setInterval',
      '7 node:crypto',
      '8 performance.now',
    ])
  })

  it('names file, line and remedy', () => {
    expect(check({ 'packages/aggregate': [{}, { 'src/x.ts': '\n\nsetTimeout(() => {}, 1)\n' }] })).toEqual([
      finding('ambient-runtime', 'packages/aggregate/src/x.ts:3', 'take time, timers, ids and randomness from the Runtime'),
    ])
  })

  it('accepts names that only look like them, and dates that are given', () => {
    const source = [
      'declare const runtime: { setTimeout(): void; crypto: string }',
      'runtime.setTimeout()',
      'export const a = { crypto: runtime.crypto }',
      'export const b = new Date(0)',
      'export type T = typeof setTimeout',
      'export class C { setInterval() {} }',
    ].join('\n')
    expect(whatIn(source)).toEqual([])
  })

  it('lets tests, the runtime and packages outside the core use them', () => {
    expect(whatIn('Date.now()', 'src/x.test.ts')).toEqual([])
    expect(whatIn('Date.now()', 'src/runtime.ts')).toEqual([])
    expect(whatIn('Date.now()', 'src/x.ts', 'postgres-embedded')).toEqual([])
  })
})

it('names the file that it cannot parse', () => {
  expect(() => check({ 'packages/event-store': [{}, { 'src/x.ts': 'const = 1' }] })).toThrow(
    "packages/event-store/src/x.ts can't be parsed",
  )
})
