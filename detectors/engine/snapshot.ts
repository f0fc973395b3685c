/** State as chunks of bytes and back: blocks of rows as JSON of keys and cells followed by the raw doubles, and one chunk of totals. */
import { AuditdError } from '../../schemas/errors.ts'
import type { Compiled } from './compile.ts'
import type { SavedInventories } from './inventory.ts'
import type { SavedAliases } from './key-aliases.ts'
import type { Run, Slot } from './run.ts'
import { SCOPE_NAMES } from './scope.ts'
import { CHUNK_ROWS, type Space } from './space.ts'

/** Largest chunk: a Kafka record must hold it. Larger blocks are cut into pieces `name#0`, `name#1`, … */
export const CHUNK_BYTES = 512 * 1024
const FORMAT = 1
const PREFIX = 'engine/'
const TOTALS = `${PREFIX}totals`
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Everything but the rows. */
export interface Totals {
  readonly format: number
  readonly maxMs: number
  /** Errors by rule@version; at the limit the rule is quarantined. */
  readonly errors: readonly (readonly [rule: string, errors: number])[]
  readonly coverage: unknown
  /** Absent while no keys were rotated. */
  readonly aliases?: SavedAliases | undefined
  /** Absent while nobody fed one in. */
  readonly inventories?: SavedInventories | undefined
  readonly slots: readonly (readonly [scope: string, signature: string, at: number, width: number, object: number])[]
  readonly widths: readonly (readonly [scope: string, width: number])[]
  readonly spaces: readonly SavedSpace[]
}
interface SavedSpace {
  readonly tenant: string
  readonly scope: string
  readonly rows: number
  readonly free: readonly number[]
  readonly hand: number
  readonly sweep: number
  readonly evictions: number
}
interface SavedBlock {
  readonly tenant: string
  readonly scope: string
  readonly block: number
  readonly keys: readonly (readonly string[] | 0)[]
  readonly generations: readonly number[]
  readonly objects: readonly (readonly unknown[])[]
}

/** Doubles are little-endian, as every platform Node runs on has them. */
function pack(header: unknown, numbers?: Float64Array): Uint8Array {
  const json = encoder.encode(JSON.stringify(header))
  const padded = (json.length + 11) & ~7
  const bytes = new Uint8Array(padded + (numbers?.byteLength ?? 0))
  new DataView(bytes.buffer).setUint32(0, json.length, true)
  bytes.set(json, 4)
  if (numbers !== undefined) bytes.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), padded)
  return bytes
}
function unpack(bytes: Uint8Array): { readonly header: unknown; readonly numbers: Float64Array } {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  const header = JSON.parse(decoder.decode(bytes.subarray(4, 4 + length)))
  const raw = bytes.slice((length + 11) & ~7)
  return { header, numbers: new Float64Array(raw.buffer, 0, raw.byteLength >> 3) }
}

function addPieces(chunks: Map<string, Uint8Array>, name: string, bytes: Uint8Array): void {
  for (let at = 0, piece = 0; at < bytes.length; at += CHUNK_BYTES, piece++)
    chunks.set(`${name}#${piece}`, bytes.subarray(at, at + CHUNK_BYTES))
}
/** Whole blocks by name; chunks of other owners are passed over. */
function joinPieces(chunks: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  const pieces = new Map<string, [piece: number, bytes: Uint8Array][]>()
  for (const [name, bytes] of chunks) {
    const mark = name.lastIndexOf('#')
    if (!name.startsWith(PREFIX) || mark < 0) continue
    const block = name.slice(0, mark)
    const list = pieces.get(block) ?? []
    list.push([Number(name.slice(mark + 1)), bytes])
    pieces.set(block, list)
  }
  return new Map(
    [...pieces].map(([name, list]) => {
      list.sort((a, b) => a[0] - b[0])
      const whole = new Uint8Array(list.reduce((sum, [, bytes]) => sum + bytes.length, 0))
      let at = 0
      for (const [, bytes] of list) {
        whole.set(bytes, at)
        at += bytes.length
      }
      return [name, whole]
    }),
  )
}

const slotsOf = (compiled: Compiled): readonly Slot[] => compiled.rules.flatMap(({ slots }) => slots)

export function takeSnapshot(
  compiled: Compiled,
  run: Run,
  rest: Pick<Totals, 'errors' | 'coverage' | 'aliases' | 'inventories'>,
): Map<string, Uint8Array> {
  const chunks = new Map<string, Uint8Array>()
  const spaces = run.allSpaces().filter(({ keys }) => keys.length > 0)
  const totals: Totals = {
    format: FORMAT,
    maxMs: run.maxMs,
    ...rest,
    slots: slotsOf(compiled).map(({ scope, signature, at, width, object }) => [
      SCOPE_NAMES[scope]!,
      signature,
      at,
      width,
      object,
    ]),
    widths: compiled.layouts.map(({ width }, i) => [SCOPE_NAMES[i]!, width]),
    spaces: spaces.map(({ tenant, scope, keys, free, hand, sweep, evictions }) => ({
      tenant,
      scope,
      rows: keys.length,
      free,
      hand,
      sweep,
      evictions,
    })),
  }
  addPieces(chunks, TOTALS, pack(totals))
  spaces.forEach((space, number) => {
    for (let block = 0; block * CHUNK_ROWS < space.keys.length; block++)
      addPieces(chunks, `${PREFIX}${number}/${block}`, packBlock(space, block))
  })
  return chunks
}

function packBlock(space: Space, block: number): Uint8Array {
  const from = block * CHUNK_ROWS
  const keys = space.keys.slice(from, from + CHUNK_ROWS)
  const header: SavedBlock = {
    tenant: space.tenant,
    scope: space.scope,
    block,
    keys: keys.map((key) => key ?? 0),
    generations: space.generations.slice(from, from + CHUNK_ROWS),
    objects: space.objects.map((column) => column.slice(from, from + CHUNK_ROWS).map((object) => object ?? 0)),
  }
  return pack(header, space.numbers[block]!.subarray(0, keys.length * space.layout.width))
}

/**
 * Fill an empty engine. A part whose rule, version or width changed is left out and counted; the others keep their place, and rows
 * keep their numbers. Answers the totals and the cells that were dropped.
 */
export function loadSnapshot(
  compiled: Compiled,
  run: Run,
  chunks: ReadonlyMap<string, Uint8Array>,
): { readonly totals: Totals; readonly dropped: number } | undefined {
  const blocks = joinPieces(chunks)
  const first = blocks.get(TOTALS)
  if (first === undefined) return undefined
  try {
    const totals = unpack(first).header as Totals
    if (totals.format !== FORMAT) throw new Error(`format ${totals.format} is not known`)
    run.maxMs = totals.maxMs
    for (const saved of totals.spaces) {
      const space = spaceNamed(run, saved.tenant, saved.scope)
      if (space === undefined) continue
      space.grow(saved.rows)
      for (const row of saved.free) space.free.push(row)
      space.hand = saved.hand
      space.sweep = saved.sweep
      space.evictions = saved.evictions
    }
    let dropped = 0
    for (const [name, bytes] of blocks) if (name !== TOTALS) dropped += loadBlock(compiled, run, totals, bytes)
    return { totals, dropped }
  } catch (error) {
    throw new AuditdError('state_corrupt', 'snapshot', '', `cannot be read: ${String(error)}`, error)
  }
}
const spaceNamed = (run: Run, tenant: string, scope: string): Space | undefined =>
  run.spacesOf(tenant).find((space) => space.scope === scope)

function loadBlock(compiled: Compiled, run: Run, totals: Totals, bytes: Uint8Array): number {
  const unpacked = unpack(bytes)
  const header = unpacked.header as SavedBlock
  const space = spaceNamed(run, header.tenant, header.scope)
  if (space === undefined) return 0
  const oldWidth = totals.widths.find(([scope]) => scope === header.scope)![1]
  const current = new Map(
    slotsOf(compiled).flatMap((slot) =>
      SCOPE_NAMES[slot.scope] === header.scope ? [[slot.signature, slot] as const] : [],
    ),
  )
  const saved = totals.slots.filter(([scope]) => scope === header.scope)
  let dropped = 0
  header.keys.forEach((key, i) => {
    const row = header.block * CHUNK_ROWS + i
    space.generations[row] = header.generations[i]!
    if (key === 0) return
    space.put(row, key, header.generations[i]!)
    const to = space.base(row)
    const numbers = space.chunk(row)
    const from = i * oldWidth
    numbers[to] = unpacked.numbers[from]!
    for (const [, signature, at, width, object] of saved) {
      const slot = current.get(signature)
      const used = unpacked.numbers[from + at] !== 0
      if (slot === undefined) {
        if (used) dropped++
        continue
      }
      for (let column = 0; column < width; column++)
        numbers[to + slot.at + column] = unpacked.numbers[from + at + column]!
      const kept = object < 0 ? 0 : header.objects[object]![i]
      if (slot.object >= 0 && kept !== 0) space.objects[slot.object]![row] = kept
    }
  })
  return dropped
}
