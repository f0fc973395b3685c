// Finds the rows: every file of rows/ is one. Nothing is registered.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Row } from './row.ts'

export async function loadRows(): Promise<readonly Row[]> {
  const folder = join(import.meta.dirname, 'rows')
  const files = readdirSync(folder).filter((name) => /^\d\d-[a-z0-9-]+\.ts$/.test(name))
  const rows = await Promise.all(
    files.map(async (name) => {
      const row = ((await import(pathToFileURL(join(folder, name)).href)) as { default: Row }).default
      if (row.number !== Number(name.slice(0, 2))) throw new Error(`${name}: its row says number ${row.number}`)
      return row
    }),
  )
  return rows.sort((a, b) => a.number - b.number)
}
