import { checkPage } from './samples.js'

const source = `import { it } from 'somewhere'

it('deposits', () => {
  // #region deposit
  const account = open()
  // #region inner
  if (account) {
    deposit(account)
  }
  // #endregion inner

  // #endregion
  expect(account)
})
`
const deposit = ['const account = open()', 'if (account) {', '  deposit(account)', '}']

const page = (code: readonly string[], mark = 'docs/samples/a.test.ts#deposit') =>
  ['# Title', '', `<!-- sample: ${mark} -->`, '```ts', ...code, '```', '', 'After.', ''].join('\n')

const check = (text: string) => checkPage(text, (path) => (path === 'docs/samples/a.test.ts' ? source : undefined))

describe('a sample on a page', () => {
  it('is accepted when it is its region, without indentation and other marks', () => {
    expect(check(page(deposit))).toEqual({ problems: [], refreshed: page(deposit), sources: ['docs/samples/a.test.ts'] })
  })

  it('is found when it differs, and refreshed', () => {
    const checked = check(page(['const account = old()']))
    expect(checked.problems).toEqual([{ line: 4, message: expect.stringContaining('differs from docs/samples/a.test.ts') }])
    expect(checked.refreshed).toBe(page(deposit))
  })

  it('may be a region inside another', () => {
    expect(check(page(['if (account) {', '  deposit(account)', '}'], 'docs/samples/a.test.ts#inner')).problems).toEqual([])
  })

  it('may be a whole file', () => {
    const whole = checkPage(
      page(['const one = 1', 'use(one)'], 'one.ts'),
      () => '// #region a\nconst one = 1\n// #endregion\nuse(one)\n',
    )
    expect(whole.problems).toEqual([])
  })

  it('keeps the indentation of a list', () => {
    const text = [
      '- <!-- sample: docs/samples/a.test.ts#inner -->',
      '  <!-- sample: docs/samples/a.test.ts#inner -->',
      '  ```ts',
      '  old()',
      '  ```',
    ].join('\n')
    expect(check(text).refreshed.split('\n').slice(2)).toEqual([
      '  ```ts',
      '  if (account) {',
      '    deposit(account)',
      '  }',
      '  ```',
    ])
  })

  it('is found when it has no marker', () => {
    expect(check('```ts\nlet x\n```\n').problems).toEqual([
      { line: 1, message: expect.stringContaining('neither compiled nor run') },
    ])
  })

  it('needs no marker in another language', () => {
    expect(check('```sh\nnpm test\n```\n\n```\n```ts inside text\n```\n').problems).toEqual([])
  })

  it.each([
    ['docs/samples/none.ts#a', 'docs/samples/none.ts does not exist'],
    ['docs/samples/a.test.ts#none', "has no '// #region none'"],
  ])('is found when its marker names nothing: %s', (mark, message) => {
    const checked = check(page(deposit, mark))
    expect(checked.problems).toEqual([{ line: 3, message: expect.stringContaining(message) }])
    expect(checked.refreshed).toBe(page(deposit, mark))
  })

  it('is found when its region stays open, or is there twice', () => {
    const messages = (text: string) => checkPage(page([], 'a.ts#a'), () => text).problems.map(({ message }) => message)
    expect(messages('// #region a\nopen\n')).toEqual([expect.stringContaining("'// #endregion' is missing")])
    expect(messages('// #region a\n// #endregion\n// #region a\n// #endregion\n')).toEqual([
      expect.stringContaining('more than one'),
    ])
  })

  it('is found when a marker has no code, or a fence no end', () => {
    expect(check('<!-- sample: docs/samples/a.test.ts#inner -->\n\ntext\n').problems).toEqual([
      { line: 1, message: expect.stringContaining('No code follows') },
    ])
    expect(check('```sh\nls\n').problems).toEqual([{ line: 1, message: 'This fence is never closed.' }])
  })
})
