import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConsumer, environmentOutside, secondCopies } from './consumer.js'
import type { PackedManifest, Tarball } from './packed-package.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-consumer-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const manifest: PackedManifest = {
  name: '@writ/testing',
  version: '1.0.0',
  exports: { '.': {}, './jest-global-setup': {} },
  peerDependencies: { zod: '^4.6.7' },
}

function consumerOf(packed: PackedManifest): (path: string) => string {
  for (const [name, version] of [
    ['typescript', '7.0.2'],
    ['@types/node', '20.19.0'],
  ]) {
    mkdirSync(join(folder, 'node_modules', `${name}`), { recursive: true })
    writeFileSync(join(folder, 'node_modules', `${name}`, 'package.json'), JSON.stringify({ version }))
  }
  const tarball = { manifest: packed, path: '/tarballs/testing.tgz' } as Tarball
  createConsumer({ root: folder, folder: join(folder, 'consumer'), tarballs: [tarball], services: [] })
  return (path) => readFileSync(join(folder, 'consumer', path), 'utf8')
}

describe('a consumer', () => {
  it('depends on the tarballs, also where a package wants another one, and on what they want beside them', () => {
    expect(JSON.parse(consumerOf(manifest)('package.json'))).toEqual({
      name: 'consumer',
      private: true,
      type: 'module',
      dependencies: { zod: '^4.6.7', '@writ/testing': 'file:/tarballs/testing.tgz' },
      devDependencies: { typescript: '7.0.2', '@types/node': '20.19.0' },
      overrides: { '@writ/testing': '$@writ/testing' },
    })
  })

  it('requires every entry', () => {
    expect(consumerOf(manifest)('src/commonjs.cts').split('\n')).toEqual([
      "import entry0 = require('@writ/testing')",
      "import entry1 = require('@writ/testing/jest-global-setup')",
      "if (Object.keys(entry0).length === 0) throw new Error('@writ/testing has nothing to offer.')",
      "if (Object.keys(entry1).length === 0) throw new Error('@writ/testing/jest-global-setup has nothing to offer.')",
      '',
    ])
  })

  it('keeps the registry of its surroundings, and nothing that belongs to this repository', () => {
    const inside = { PATH: '/bin', NODE_ENV: 'test', INIT_CWD: '/repository', npm_config_local_prefix: '/repository' }
    expect(environmentOutside({ ...inside, npm_config_registry: 'here' })).toEqual({ PATH: '/bin', npm_config_registry: 'here' })
  })

  it('finds packages that were installed twice', () => {
    expect(secondCopies(folder, [manifest])).toEqual([])
    const twice = 'node_modules/@writ/testing/node_modules/zod'
    mkdirSync(join(folder, twice), { recursive: true })
    expect(secondCopies(folder, [manifest])).toEqual([twice])
  })
})
