// Edits of rows: each changes a held proof, and says what a verification must name.
import { ROW_COLUMNS } from '../../schemas/row.ts'
import type { Random } from '../faults/random.ts'
import { type EditKind, EVENT_ID, INDEX, OFFSET, pick, positionOf, RECEIVED_AT, rowFault, segmentOf } from './edit.ts'
import { columnAt, type HeldRow } from './held-proof.ts'

/** Another value of the column’s type, as the engine would answer it. */
export function otherValue(type: string, value: unknown, random: Random): unknown {
  const text = String(value)
  if (type.startsWith('Array')) {
    const list = value as string[]
    return list.length > 0 && random.chance(0.5) ? list.slice(1) : [...list, pick(random, ['', 'x', 'scp-999'])]
  }
  if (type === 'Bool') return !(value as boolean)
  if (type.startsWith('UInt64'))
    return random.chance(0.5) ? String(BigInt(text) + 1n) : String(2n ** 63n + BigInt(random.between(0, 9)))
  if (/^UInt/.test(type)) return (value as number) === 0 ? 1 : (value as number) - 1
  if (type.startsWith('Float'))
    return text === '0' && random.chance(0.3) ? '-0' : String(Number(text) * (1 + 2 ** -50) + 1e-9)
  if (type.startsWith('DateTime64(9')) return `${text.slice(0, -1)}${(Number(text.at(-1)) + 1) % 10}`
  if (type.startsWith('DateTime64'))
    return new Date(Date.parse(`${text.replace(' ', 'T')}Z`) + random.between(1, 86_400_000))
      .toISOString()
      .replace('T', ' ')
      .slice(0, -1)
  if (text.startsWith('{'))
    return text === '{}'
      ? '{"a":1}'
      : pick(random, [
          '{}',
          text.replace('{', '{ '),
          text.replace(/\d/, (digit) => String((Number(digit) + 1) % 10)).concat(/\d/.test(text) ? '' : ' '),
        ])
  return pick(random, [
    `${text} `,
    text === '' ? 'x' : '',
    `${text}\u0000`,
    text === '' ? 'deny' : text.toUpperCase() === text ? `${text}a` : text.toUpperCase(),
  ])
}

export const changeColumn: EditKind = (held, random) => {
  const row = pick(random, held.rows)
  const at = random.between(0, ROW_COLUMNS.length - 1)
  const [name, type] = ROW_COLUMNS[at]!
  const expected = rowFault(held, row, ['row-changed', 'row-missing'])
  row[at] = otherValue(type, row[at], random)
  return { name: `column ${name}`, expected: [expected] }
}
export const brokenText: EditKind = (held, random) => {
  const row = pick(random, held.rows)
  const expected = rowFault(held, row, ['row-changed'])
  row[ROW_COLUMNS.length] = 0
  return { name: 'bytes that are no UTF-8', expected: [expected] }
}
export const removeRow: EditKind = (held, random) => {
  const at = random.between(0, held.rows.length - 1)
  const [row] = held.rows.splice(at, 1)
  return { name: 'a row removed', expected: [rowFault(held, row!, ['row-missing'])] }
}
export const removeSome: EditKind = (held, random) => {
  const from = random.between(0, held.rows.length - 1)
  const gone = held.rows.splice(from, random.between(2, 40))
  return { name: `${gone.length} rows removed`, expected: gone.map((row) => rowFault(held, row, ['row-missing'])) }
}
export const swapPlaces: EditKind = (held, random) => {
  const [a, b] = [pick(random, held.rows), pick(random, held.rows)]
  if (a === b) return undefined
  const expected = [a, b].map((row) => rowFault(held, row, ['row-changed']))
  const [offset, index] = [a[OFFSET], a[INDEX]]
  a[OFFSET] = b[OFFSET]
  a[INDEX] = b[INDEX]
  b[OFFSET] = offset
  b[INDEX] = index
  return { name: 'two rows change places', expected }
}
export const swapEvents: EditKind = (held, random) => {
  const [a, b] = [pick(random, held.rows), pick(random, held.rows)]
  const at = columnAt('principal_key')
  if (a[at] === b[at]) return undefined
  const expected = [a, b].map((row) => rowFault(held, row, ['row-changed']))
  const key = a[at]
  a[at] = b[at]
  b[at] = key
  return { name: 'two rows change principals', expected }
}
export const insertRow: EditKind = (held, random) => {
  const row = structuredClone(pick(random, held.rows))
  row[EVENT_ID] = 'f'.repeat(32)
  row[INDEX] = random.between(5_000, 9_000)
  held.rows.push(row)
  return { name: 'a row added within the log', expected: [{ kinds: ['row-inserted'], position: positionOf(row) }] }
}
export const insertBehind: EditKind = (held, random) => {
  const row = structuredClone(pick(random, held.rows))
  row[EVENT_ID] = 'e'.repeat(32)
  row[OFFSET] = String(10_000 + random.between(0, 1_000))
  held.rows.push(row)
  return { name: 'a row added behind the log', expected: [{ kinds: ['row-inserted'], position: positionOf(row) }] }
}
export const insertStranger: EditKind = (held, random) => {
  const row = structuredClone(pick(random, held.rows))
  row[columnAt('position_log')] = '0'.repeat(32)
  if (random.chance(0.5)) row[RECEIVED_AT] = '2020-01-01 00:00:00.000'
  held.rows.push(row)
  return { name: 'a row of a log that is none', expected: [{ kinds: ['row-inserted'], position: positionOf(row) }] }
}
export const insertTwin: EditKind = (held, random) => {
  const row = structuredClone(pick(random, held.rows))
  row[columnAt('decision')] = row[columnAt('decision')] === 'allow' ? 'deny' : 'allow'
  const expected = rowFault(held, row, ['row-changed'])
  held.rows.push(row)
  return { name: 'another row at the place of one', expected: [expected] }
}
export const restoreErased: EditKind = (held, random) => {
  // What was erased is brought back with other content: its hash is still known.
  const tombstone = pick(random, held.tombstones)
  const row = structuredClone(pick(random, held.rows))
  const packed = Buffer.from(tombstone.positions, 'base64')
  const offset = packed[0]! >= 128 ? (packed[0]! & 127) + packed[1]! * 128 : packed[0]!
  row[OFFSET] = String(offset)
  row[INDEX] = packed[packed[0]! >= 128 ? 2 : 1]!
  const expected = rowFault(held, row, ['row-changed'], tombstone.number)
  held.rows.push(row)
  return { name: 'another row where one was erased', expected: [expected] }
}
export const truncate: EditKind = (held, random) => {
  const last = held.manifests.at(-1)!
  const keep = random.between(1, held.manifests.length - 1)
  const cut = held.manifests.splice(keep)
  const from = cut[0]!.first
  held.rows = held.rows.filter((row) => Number(row[OFFSET]) < from)
  return {
    name: `rows and manifests cut off after ${keep}`,
    expected: [{ kinds: ['chain-cut'], segment: last.number }],
  }
}
export const truncateRows: EditKind = (held, random) => {
  const kept = held.rows.length - random.between(1, 60)
  const gone = held.rows.splice(kept)
  const unsealed = (row: HeldRow) => (Number(row[OFFSET]) < held.manifests.at(-1)!.next ? segmentOf(held, row) : 0)
  return {
    name: 'the newest rows cut off',
    expected: gone.map((row) => rowFault(held, row, ['row-missing'], unsealed(row))),
  }
}
