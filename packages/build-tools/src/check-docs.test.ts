import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { checkDocs } from './check-docs.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'writ-check-docs-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

const page = (source: string, code: string) => `<!-- sample: ${source} -->\n\`\`\`ts\n${code}\n\`\`\`\n`

describe('checkDocs', () => {
  it('reads the README files and everything below docs', () => {
    for (const path of ['docs/guide/first.md', 'packages/aggregate/README.md']) write(path, '```ts\nlet x\n```\n')
    write('README.md', '```ts\nlet x\n```\n[first](docs/guide/first.md)\n')
    expect(checkDocs(root).map((line) => line.split(' ')[0])).toEqual([
      'README.md:1',
      'docs/guide/first.md:1',
      'packages/aggregate/README.md:1',
    ])
  })

  it('refreshes the pages with write, and then has nothing to say', () => {
    write('README.md', page('docs/samples/a.test.ts', 'old()'))
    write('docs/samples/a.test.ts', 'fresh()\n')
    expect(checkDocs(root)).toEqual([expect.stringContaining('README.md:2 This sample differs')])
    expect(checkDocs(root, { write: true })).toEqual([])
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toBe(page('docs/samples/a.test.ts', 'fresh()'))
  })

  it('finds a sample that no test runs', () => {
    write('README.md', page('docs/samples/a.ts', 'a()'))
    write('docs/samples/a.ts', 'a()\n')
    expect(checkDocs(root)).toEqual([
      'README.md docs/samples/a.ts is run by no test: import it from a *.test.ts in docs/samples.',
    ])
    write('docs/samples/between.ts', "import './a.js'\n")
    write('docs/samples/all.test.ts', "import './between.js'\n")
    expect(checkDocs(root)).toEqual([])
  })

  it('finds a guide that no other page leads to', () => {
    write('docs/lost.md', '# Lost\n\n[here](lost.md)\n')
    expect(checkDocs(root)).toEqual(['docs/lost.md is found by nobody: link to it, in docs/README.md.'])
    write('docs/README.md', '[lost](lost.md)\n')
    write('README.md', '[docs](docs/README.md)\n')
    expect(checkDocs(root)).toEqual([])
  })

  it('accepts a sample from the sources of the bank', () => {
    write('README.md', page('apps/example-bank/src/account.ts', 'a()'))
    write('apps/example-bank/src/account.ts', 'a()\n')
    expect(checkDocs(root)).toEqual([])
  })
})
