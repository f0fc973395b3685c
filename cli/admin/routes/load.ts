/** Routes of the admin address: every other file of this folder is one, or several in a list. */
import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import type { Route } from '../route.ts'

export async function loadRoutes(): Promise<readonly Route[]> {
  const files = readdirSync(import.meta.dirname).filter(
    (name) => /^[a-z-]+\.(ts|js)$/.test(name) && name !== basename(import.meta.filename),
  )
  const loaded = await Promise.all(
    files.sort().map(async (name) => {
      const { default: found } = (await import(new URL(name, import.meta.url).href)) as { default: Route | Route[] }
      return found
    }),
  )
  return loaded.flat()
}
