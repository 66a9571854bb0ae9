import { z } from 'zod'
import { Command, Event } from '../index.js'

const isWellFormed = Object.getOwnPropertyDescriptor(String.prototype, 'isWellFormed')!

beforeEach(() => {
  delete (String.prototype as { isWellFormed?: unknown }).isWellFormed
})
afterEach(() => {
  Object.defineProperty(String.prototype, 'isWellFormed', isWellFormed)
})

it.each([
  ['an event', () => Event('opened', z.object({}))],
  ['a command', () => Command('open', z.object({}))],
])('refuses a Node.js that is too old, where %s is defined', (_what, define) => {
  expect(define).toThrow(
    expect.objectContaining({ code: 'unsupported-node', found: process.version, message: expect.stringContaining('20.19') }),
  )
})
