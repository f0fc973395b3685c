/** What an inventory says, as facts of the form that `ingest` takes. */

import { recordsOf } from '../../collector/sources/read-json.ts'
import type { InventorySource } from '../../schemas/job-config.ts'
import { failed, openReading, readWhole, valuesOf } from './document.ts'
import { readRegistry } from './mcp-registry.ts'

/** Names of one inventory; a longer one is a mistake or an attack. */
const MAX_NAMES = 100_000

export async function inventoryRecords(source: InventorySource, signal: AbortSignal): Promise<readonly unknown[]> {
  if (source.kind !== 'mcp-registry')
    return (await documentRecords(source, signal)).map((record) => bounded(source, record))
  if (source.url === undefined) throw failed(source, 'a registry needs a url')
  const reading = await openReading(source, signal)
  try {
    const { names, deprecated } = await readRegistry(source, reading)
    return [bounded(source, { ...factOf(source, names), tags: deprecated.map((name) => `${name}=deprecated`) })]
  } finally {
    await reading.close()
  }
}

/** A list of names is one fact; objects with a `type` are facts as they are. */
async function documentRecords(
  source: InventorySource,
  signal: AbortSignal,
): Promise<readonly Record<string, unknown>[]> {
  const values = valuesOf(source, await readWhole(source, signal))
  const [only] = values
  if (values.length === 1 && Array.isArray(only) && only.every((name) => typeof name === 'string'))
    return [factOf(source, [...new Set(only as string[])].sort())]
  return values.flatMap(recordsOf).map((record) => {
    const type = (record as { type?: unknown } | null)?.type
    if (type !== 'inventory.snapshot')
      throw failed(source, 'holds something other than names or facts of type inventory.snapshot')
    return { inventoryKind: source.inventoryKind, server: source.server, ...(record as object) }
  })
}
const factOf = ({ inventoryKind, server, complete }: InventorySource, approved: readonly string[]) => ({
  ...{ type: 'inventory.snapshot', inventoryKind, server, approved, complete },
})
function bounded(source: InventorySource, record: Record<string, unknown>): Record<string, unknown> {
  const { approved } = record
  if (Array.isArray(approved) && approved.length > MAX_NAMES) throw failed(source, `lists more than ${MAX_NAMES} names`)
  return record
}
