import { InvalidPositionTokenError, StalePositionTokenError } from './errors.js'

/** A position together with the log's incarnation, as URL-safe text; what it looks like is nobody's business. */
export type PositionToken = string

// 16 bytes of the incarnation, 7 of the position, one that tells accidents.
const BYTES = 24
const form = /^[A-Za-z0-9_-]{32}$/

/** @param incarnation a UUID */
export function positionToken(position: number, incarnation: string): PositionToken {
  const bytes = new Uint8Array(BYTES)
  for (const [index, [byte]] of [...incarnation.replaceAll('-', '').matchAll(/../g)].entries()) {
    bytes[index] = Number.parseInt(byte, 16)
  }
  let rest = position
  for (let index = BYTES - 2; index >= 16; index--) {
    bytes[index] = rest % 256
    rest = Math.floor(rest / 256)
  }
  bytes[BYTES - 1] = checkByte(bytes)
  return Buffer.from(bytes).toString('base64url')
}

/**
 * @param incarnation the log's, as it is
 * @throws InvalidPositionTokenError, StalePositionTokenError
 */
export function positionIn(token: PositionToken, incarnation: string): number {
  const bytes = typeof token === 'string' && form.test(token) ? Buffer.from(token, 'base64url') : undefined
  if (bytes === undefined || bytes[BYTES - 1] !== checkByte(bytes)) throw new InvalidPositionTokenError(String(token))
  const position = bytes.subarray(16, BYTES - 1).reduce((sum, byte) => sum * 256 + byte, 0)
  if (!Number.isSafeInteger(position)) throw new InvalidPositionTokenError(token)
  const made = bytes
    .subarray(0, 16)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  if (made !== incarnation.toLowerCase()) throw new StalePositionTokenError(position, made, incarnation)
  return position
}

function checkByte(bytes: Uint8Array): number {
  return bytes.subarray(0, BYTES - 1).reduce((sum, byte) => (sum * 31 + byte) % 251, 7)
}
