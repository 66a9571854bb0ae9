import { type AnyCommand, commandClassOf, type Json, type JsonObject } from '@writ/event-store'

/**
 * A short text that is the same for commands of equal type and data, and for practical purposes for no others: 106 bits and the length.
 * It guards against an id that is used for two commands by mistake; it is no protection against forgery.
 */
export function fingerprintOf(command: AnyCommand): string {
  const commandClass = commandClassOf(command)
  const text = `${commandClass.type} ${JSON.stringify(sorted(commandClass.encode(command)))}`
  return `${hashes(text)}${text.length.toString(36)}`
}

/** The same with the keys of each object in order. */
function sorted(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  const record = value as JsonObject
  const copy: Record<string, Json> = {}
  for (const key of Object.keys(record).sort()) copy[key] = sorted(record[key]!)
  return copy
}

/** cyrb53, by bryc (public domain), with two seeds at once: two multiplicative hashes each, which are mixed at the end. */
function hashes(text: string): string {
  let a = 0xdeadbeef ^ 0x2545f491
  let b = 0x41c6ce57 ^ 0x2545f491
  let c = 0xdeadbeef ^ 0x9e3779b9
  let d = 0x41c6ce57 ^ 0x9e3779b9
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    a = Math.imul(a ^ unit, 2_654_435_761)
    b = Math.imul(b ^ unit, 1_597_334_677)
    c = Math.imul(c ^ unit, 2_654_435_761)
    d = Math.imul(d ^ unit, 1_597_334_677)
  }
  return mixed(a, b) + mixed(c, d)
}

function mixed(first: number, second: number): string {
  const one = Math.imul(first ^ (first >>> 16), 2_246_822_507) ^ Math.imul(second ^ (second >>> 13), 3_266_489_909)
  const other = Math.imul(second ^ (second >>> 16), 2_246_822_507) ^ Math.imul(one ^ (one >>> 13), 3_266_489_909)
  return (4_294_967_296 * (2_097_151 & other) + (one >>> 0)).toString(36).padStart(11, '0')
}
