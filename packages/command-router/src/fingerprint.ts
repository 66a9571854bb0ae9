import { type AnyCommand, commandClassOf, type Json } from '@writ/event-store'

/**
 * A short text that is the same for commands of equal type and data, and for practical purposes for no others: 106 bits and the length.
 * It guards against an id that is used for two commands by mistake; it is no protection against forgery.
 */
export function fingerprintOf(command: AnyCommand): string {
  const commandClass = commandClassOf(command)
  const text = `${commandClass.type} ${canonical(commandClass.encode(command))}`
  return `${hash(text, 0x2545f491)}${hash(text, 0x9e3779b9)}${text.length.toString(36)}`
}

/** JSON with sorted keys. */
function canonical(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const record = value as { readonly [key: string]: Json }
  const fields = Object.keys(record)
    .sort()
    .filter((key) => record[key] !== undefined)
    .map((key) => `${JSON.stringify(key)}:${canonical(record[key]!)}`)
  return `{${fields.join(',')}}`
}

/** cyrb53, by bryc (public domain): two multiplicative hashes that are mixed at the end. */
function hash(text: string, seed: number): string {
  let first = 0xdeadbeef ^ seed
  let second = 0x41c6ce57 ^ seed
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    first = Math.imul(first ^ unit, 2_654_435_761)
    second = Math.imul(second ^ unit, 1_597_334_677)
  }
  first = Math.imul(first ^ (first >>> 16), 2_246_822_507) ^ Math.imul(second ^ (second >>> 13), 3_266_489_909)
  second = Math.imul(second ^ (second >>> 16), 2_246_822_507) ^ Math.imul(first ^ (first >>> 13), 3_266_489_909)
  return (4_294_967_296 * (2_097_151 & second) + (first >>> 0)).toString(36).padStart(11, '0')
}
