import { checkLinks } from './check-links.js'

const files: Readonly<Record<string, string | true>> = {
  'docs/other.md': '# Other\n\n## A [linked](x.md) `word`: it is!\n\n```sh\n# no heading\n```\n\n## Twice\n\n## Twice\n',
  'docs/samples': true,
  'packages/aggregate/README.md': '# aggregate\n',
}
const check = (page: string, path = 'docs/page.md') =>
  checkLinks(path, page, (wanted) => files[wanted]).map(({ line, message }) => `${line} ${message}`)

describe('the links of a page', () => {
  it('may lead to files, folders, headings and the web', () => {
    const links = ['other.md', 'samples', '../packages/aggregate/README.md', 'other.md#twice-1', '#page', 'https://example.com/x']
    expect(check(`# Page\n${links.map((target) => `[there](${target})\n`).join('')}`)).toEqual([])
    expect(check('[there](other.md#a-linked-word-it-is)')).toEqual([])
  })

  it('are told with their line where they lead nowhere', () => {
    expect(check('\n[gone](gone.md)')).toEqual(['2 The link gone.md leads to no file.'])
    expect(check('[there](other.md#no-heading)')).toEqual(['1 The link other.md#no-heading leads to no heading of that page.'])
    expect(check('# Page\n\n[below](#below)')).toEqual(['3 The link #below leads to no heading of that page.'])
  })

  it('are none within code', () => {
    expect(check('`[x](gone.md)`\n\n```md\n[x](gone.md)\n```\n')).toEqual([])
  })

  it('lead from a guide to the whole of each sample of which it shows parts', () => {
    const page = 'Text.\n<!-- sample: docs/samples/a.ts#part -->\n```ts\na()\n```\n'
    expect(check(page)).toEqual([
      '2 Parts of docs/samples/a.ts are shown, and nothing leads to the whole: link to it, [a.ts](samples/a.ts).',
    ])
    expect(check(page, 'packages/aggregate/README.md')).toEqual([])
    expect(check(page.replace('#part', ''))).toEqual([])
    expect(checkLinks('docs/page.md', `[a.ts](samples/a.ts)\n${page}`, () => true)).toEqual([])
  })
})
