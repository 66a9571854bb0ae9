import { checkPure } from './pure-apply.js'

const functionOf = (source: string) => new Function(`return ${source}`)() as unknown

describe('a function for an event', () => {
  it.each([
    ['() => Date.now()', 'looks at the clock'],
    ['(state) => ({ ...state, at: new Date() })', 'looks at the clock'],
    ['function (state) { state.at = new Date; return state }', 'looks at the clock'],
    ['() => performance.now()', 'looks at the clock'],
    ['() => process.hrtime.bigint()', 'looks at the clock'],
    ['() => Math.random()', 'makes something up by chance'],
    ['() => crypto.randomUUID()', 'makes something up by chance'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
    ['() => `at ${Date.now()}`', 'looks at the clock'],
  ])('is refused when it is %s', (source, what) => {
    expect(() => checkPure('Account', 'opened', functionOf(source))).toThrow(
      expect.objectContaining({ code: 'impure-apply', aggregate: 'Account', eventType: 'opened', what }),
    )
  })

  it.each([
    '(state, { at }) => ({ ...state, at: new Date(at) })',
    '(state) => state /* not Date.now() */',
    "(state) => ({ ...state, note: 'Math.random()' })",
    '(state, { dueDate }) => ({ ...state, dueDate, now: state.Dates.nowhere })',
    '(state) => state // new Date()\n',
    '(state) => ({ ...state, pattern: /Date.now()/ })',
  ])('may be %s', (source) => {
    expect(() => checkPure('Account', 'opened', functionOf(source))).not.toThrow()
  })
})
