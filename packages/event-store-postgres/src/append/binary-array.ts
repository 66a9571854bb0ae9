// PostgreSQL's binary form of a one-dimensional array without nulls: dimensions, flags, element type, length, lower bound, then
// each element after its length. The driver's own text form of arrays costs several times as much on both sides.

const INT4 = 23
const INT8 = 20
const UUID = 2950
const HEADER = 20

function emptyArray(elementType: number): Buffer {
  const buffer = Buffer.alloc(12)
  buffer.writeInt32BE(elementType, 8)
  return buffer
}

function arrayBuffer(elementType: number, length: number, elementBytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER + length * (4 + elementBytes))
  buffer.writeInt32BE(1, 0)
  buffer.writeInt32BE(0, 4)
  buffer.writeInt32BE(elementType, 8)
  buffer.writeInt32BE(length, 12)
  buffer.writeInt32BE(1, 16)
  return buffer
}

export function int4Array(values: readonly number[]): Buffer {
  if (values.length === 0) return emptyArray(INT4)
  const buffer = arrayBuffer(INT4, values.length, 4)
  let offset = HEADER
  for (const value of values) {
    offset = buffer.writeInt32BE(4, offset)
    offset = buffer.writeInt32BE(value, offset)
  }
  return buffer
}

export function int8Array(values: readonly number[]): Buffer {
  if (values.length === 0) return emptyArray(INT8)
  const buffer = arrayBuffer(INT8, values.length, 8)
  let offset = HEADER
  for (const value of values) {
    offset = buffer.writeInt32BE(8, offset)
    offset = buffer.writeInt32BE(Math.floor(value / 0x1_0000_0000), offset)
    offset = buffer.writeUInt32BE(value % 0x1_0000_0000, offset)
  }
  return buffer
}

export function uuidArray(uuids: readonly string[]): Buffer {
  if (uuids.length === 0) return emptyArray(UUID)
  const buffer = arrayBuffer(UUID, uuids.length, 16)
  let offset = HEADER
  for (const uuid of uuids) {
    offset = buffer.writeInt32BE(16, offset)
    offset = writeUuid(buffer, uuid, offset)
  }
  return buffer
}

export function uuidBuffer(uuid: string): Buffer {
  const buffer = Buffer.allocUnsafe(16)
  writeUuid(buffer, uuid, 0)
  return buffer
}

// Where the 16 pairs of hexadecimal digits stand among the dashes.
const pairs = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34]

function writeUuid(buffer: Buffer, uuid: string, offset: number): number {
  for (const pair of pairs) buffer[offset++] = (digit(uuid.charCodeAt(pair)) << 4) | digit(uuid.charCodeAt(pair + 1))
  return offset
}

/** The value of a lower-case hexadecimal digit. */
function digit(code: number): number {
  return code < 58 ? code - 48 : code - 87
}
