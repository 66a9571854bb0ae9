import { hasPrivateFields } from './private-fields.js'

const classOf = (source: string) => new Function(`return ${source}`)() as unknown

describe('private members', () => {
  it.each([
    'class { #balance = 0 }',
    'class A { static #count = 0 }',
    'class A { #deposit() {} }',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
    'class A { text = `${this.#x}`; #x = 1 }',
    "class A { url = 'x'; /* # */ #x = 1 }",
    'class A { get half() { return this.total / 2 } #total = 5 }',
  ])('are found in %s', (source) => {
    expect(hasPrivateFields(classOf(source))).toBe(true)
  })

  it.each([
    'class A { balance = 0 }',
    "class A { colour = '#fff' }",
    'class A { colour = "#fff" }',
    'class A { colour = `#fff` }',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
    'class A { colour = `${1}#fff${`#${2}`}#x` }',
    'class A { /* #private */ balance = 0 }',
    'class A { balance = 0 // #private\n }',
    'class A { pattern = /#\\w+/ }',
    'class A { test(text) { return /[/#a]/.test(text) } }',
    "class A { quote = '\\'#x' }",
    'function () { return "#x" }',
  ])('are not found in %s', (source) => {
    expect(hasPrivateFields(source.startsWith('function') ? classOf(`(${source})`) : classOf(source))).toBe(false)
  })

  it('are found where a compiler has left its helpers instead', () => {
    expect(hasPrivateFields(classOf('class A { m() { return __classPrivateFieldGet(this, x, "f") } }'))).toBe(true)
    expect(hasPrivateFields(classOf('class A { m() { return _class_private_field_get(this, x) } }'))).toBe(true)
  })
})
