const OFFSET = 0x811c9dc5
const PRIME = 0x01000193
const utf8 = new TextEncoder()

/**
 * Which partition a sequence belongs to, from 0.
 *
 * In all processes and for ever the same: what it answers with is part of what is stored. FNV-1a (32 bits) over the text's UTF-8, mixed once
 * more, for its low bits alone are not spread well.
 */
export function partitionOf(sequence: string, partitions: number): number {
  return hashOf(sequence) % partitions
}

/** A number from 0 to 2³² − 1; equal texts have equal ones. */
export function hashOf(text: string): number {
  let hash = OFFSET
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code > 127) return hashOfBytes(utf8.encode(text))
    hash = Math.imul(hash ^ code, PRIME)
  }
  return mixed(hash)
}

function hashOfBytes(bytes: Uint8Array): number {
  let hash = OFFSET
  for (const byte of bytes) hash = Math.imul(hash ^ byte, PRIME)
  return mixed(hash)
}

function mixed(hash: number): number {
  let bits = hash ^ (hash >>> 16)
  bits = Math.imul(bits, 0x85ebca6b)
  bits ^= bits >>> 13
  bits = Math.imul(bits, 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
