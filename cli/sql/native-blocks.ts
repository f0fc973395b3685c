/**
 * The Native format for clients that say which protocol they speak (`client_protocol_version`, as clickhouse-go and so Grafana do). The
 * embedded engine only writes the form without a version; theirs has a header before each block and, from 54454 on, a byte in each column
 * that says whether its serialization is a special one (it never is). To put them there, columns have to be measured.
 */
import { engineFault } from '../../connectors/clickhouse/failure.ts'
import { elementType, nativeType } from './native-type.ts'

const WITH_SERIALIZATION_BYTE = 54_454
/** Field 1, is_overflows: false; field 2, bucket: -1; end of fields. */
const BLOCK_INFO = Buffer.from([1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0])
const NO_SPECIAL_SERIALIZATION = Buffer.from([0])
const HAS_KEYS = 1n << 9n

const FIXED_BYTES: Readonly<Record<string, number>> = {
  ...{ Int8: 1, UInt8: 1, Bool: 1, Enum8: 1, Nothing: 1 },
  ...{ Int16: 2, UInt16: 2, BFloat16: 2, Date: 2, Enum16: 2 },
  ...{ Int32: 4, UInt32: 4, Float32: 4, Date32: 4, DateTime: 4, Time: 4, IPv4: 4, Decimal32: 4 },
  ...{ Int64: 8, UInt64: 8, Float64: 8, DateTime64: 8, Time64: 8, Decimal64: 8 },
  ...{ Int128: 16, UInt128: 16, UUID: 16, IPv6: 16, Decimal128: 16 },
  ...{ Int256: 32, UInt256: 32, Decimal256: 32 },
}
/** Types that are others under a name of their own. */
const ALIASES: Readonly<Record<string, string>> = {
  Point: 'Tuple(Float64, Float64)',
  Ring: 'Array(Point)',
  LineString: 'Array(Point)',
  Polygon: 'Array(Ring)',
  MultiLineString: 'Array(LineString)',
  MultiPolygon: 'Array(Polygon)',
}

/** The pieces of the answer in order, sharing the memory of `bytes`. Throws the engine's code 48 for a type that it cannot measure. */
export function nativeFor(version: number, bytes: Buffer): readonly Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const columns = varint(bytes, at)
    const rows = varint(bytes, columns.end)
    pieces.push(BLOCK_INFO, bytes.subarray(at, rows.end))
    at = rows.end
    for (let column = 0; column < columns.value; column++) {
      const name = text(bytes, at)
      const type = text(bytes, name.end)
      const end = columnEnd(bytes, type.end, type.value, rows.value)
      if (end > bytes.length) throw new RangeError(`a column of ${type.value} ends behind the answer`)
      pieces.push(bytes.subarray(at, type.end))
      if (version >= WITH_SERIALIZATION_BYTE) pieces.push(NO_SPECIAL_SERIALIZATION)
      pieces.push(bytes.subarray(type.end, end))
      at = end
    }
  }
  return pieces
}

function columnEnd(bytes: Buffer, at: number, type: string, rows: number): number {
  return rows === 0 ? at : valuesEnd(bytes, at + prefixBytes(type), type, rows)
}

/** What stands before the values of a column: the version of each dictionary in it. */
function prefixBytes(type: string): number {
  return type.split('LowCardinality(').length > 1 ? 8 * countDictionaries(type) : 0
}
function countDictionaries(type: string): number {
  const { name, arguments: inner } = nativeType(type)
  if (name === 'LowCardinality') return 1
  if (['Array', 'Nullable', 'Map', 'Tuple', 'Nested'].includes(name))
    return inner.reduce((sum, one) => sum + countDictionaries(elementType(one)), 0)
  return name === 'SimpleAggregateFunction' ? countDictionaries(inner[1] ?? '') : 0
}

function valuesEnd(bytes: Buffer, at: number, type: string, rows: number): number {
  const { name, arguments: inner } = nativeType(type)
  const alias = ALIASES[name]
  if (alias !== undefined) return valuesEnd(bytes, at, alias, rows)
  const fixed = FIXED_BYTES[name] ?? (name.startsWith('Interval') ? 8 : fixedBytes(name, inner))
  if (fixed !== undefined) return at + rows * fixed
  switch (name) {
    case 'String': {
      let end = at
      for (let row = 0; row < rows; row++) end = text(bytes, end).end
      return end
    }
    case 'Nullable':
      return valuesEnd(bytes, at + rows, inner[0]!, rows)
    case 'SimpleAggregateFunction':
      return valuesEnd(bytes, at, inner[1]!, rows)
    case 'Tuple':
      // One without elements is written as a byte for each row.
      return inner.length === 0 ? at + rows : tupleEnd(bytes, at, inner, rows)
    case 'Array':
    case 'Map':
    case 'Nested': {
      if (rows === 0) return at
      const count = Number(bytes.readBigUInt64LE(at + (rows - 1) * 8))
      return tupleEnd(bytes, at + rows * 8, inner, count)
    }
    case 'LowCardinality':
      return dictionaryEnd(bytes, at, inner[0]!, rows)
    default:
      throw engineFault(48, 'NOT_IMPLEMENTED', `No Native answer with the type ${name}: cast it to String.`)
  }
}
function tupleEnd(bytes: Buffer, at: number, elements: readonly string[], rows: number): number {
  let end = at
  for (const element of elements) end = valuesEnd(bytes, end, elementType(element), rows)
  return end
}
/** Keys of this block, then an index for each row in as few bytes as there are keys for. */
function dictionaryEnd(bytes: Buffer, at: number, keyType: string, rows: number): number {
  if (rows === 0) return at
  const kind = bytes.readBigUInt64LE(at)
  let end = at + 8
  if ((kind & HAS_KEYS) !== 0n) {
    const keys = Number(bytes.readBigUInt64LE(end))
    end = valuesEnd(bytes, end + 8, keyType.replace(/^Nullable\((.*)\)$/, '$1'), keys)
  }
  const indexes = Number(bytes.readBigUInt64LE(end))
  return end + 8 + indexes * 2 ** Number(kind & 0xffn)
}
function fixedBytes(name: string, inner: readonly string[]): number | undefined {
  if (name === 'FixedString') return Number(inner[0])
  if (name !== 'Decimal') return undefined
  const digits = Number(inner[0])
  return digits <= 9 ? 4 : digits <= 18 ? 8 : digits <= 38 ? 16 : 32
}

function varint(bytes: Buffer, at: number): { readonly value: number; readonly end: number } {
  let value = 0
  for (let end = at, factor = 1; ; end++, factor *= 128) {
    const byte = bytes[end]
    if (byte === undefined) throw new RangeError('a number ends behind the answer')
    value += (byte & 0x7f) * factor
    if (byte < 0x80) return { value, end: end + 1 }
  }
}
function text(bytes: Buffer, at: number): { readonly value: string; readonly end: number } {
  const { value: length, end } = varint(bytes, at)
  return { value: length > 4_096 ? '' : bytes.toString('utf8', end, end + length), end: end + length }
}
