import { inspect } from 'node:util'
import { equals, iterableEquality, subsetEquality } from '@jest/expect-utils'
import { type AnyCommandClass, type AnyEventClass, commandClassOf, eventClassOf, isCommand, isEvent } from '@writ/event-store'
import { diff } from 'jest-diff'

// jest-diff and expect-utils stand alone and know no runner: the first shows few lines of much, the second also takes matchers such as
// expect.any(String), of Jest and of Vitest. node:assert would give its own heading, cut long texts, and differ from version to version.

/** Whether two values are the same to a reader of JSON: `undefined` fields count as absent, and messages are of one class. */
export function isSame(actual: unknown, expected: unknown): boolean {
  if (isEvent(expected)) return isEvent(actual) && isSameMessage(actual, eventClassOf(actual), expected, eventClassOf(expected))
  if (isCommand(expected)) {
    return isCommand(actual) && isSameMessage(actual, commandClassOf(actual), expected, commandClassOf(expected))
  }
  return equals(actual, expected, [iterableEquality])
}

function isSameMessage(actual: object, actualClass: Encodes, expected: object, expectedClass: Encodes): boolean {
  return actualClass === expectedClass && equals(actualClass.encode(actual), expectedClass.encode(expected))
}

type Encodes = Pick<AnyEventClass | AnyCommandClass, 'encode'>

export function isSameList(actual: readonly unknown[], expected: readonly unknown[]): boolean {
  return actual.length === expected.length && actual.every((value, index) => isSame(value, expected[index]))
}

/** Whether it has all of these fields with these values. */
export function hasFields(actual: unknown, fields: object): boolean {
  return equals(actual, fields, [iterableEquality, subsetEquality])
}

const plain = (text: string) => text

/** The lines in which they differ, with some around them. */
export function difference(expected: unknown, actual: unknown): string {
  const colours = { aColor: plain, bColor: plain, changeColor: plain, commonColor: plain, patchColor: plain }
  return diff(expected, actual, { ...colours, contextLines: 5, expand: false }) ?? printed(actual)
}

/** A value on few lines. */
export function printed(value: unknown): string {
  return inspect(value, { depth: 8, breakLength: 110, sorted: false })
}
