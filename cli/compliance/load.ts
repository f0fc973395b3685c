/** Statements and frameworks, found in their folders. */
import { readdirSync } from 'node:fs'
import type { Framework } from './framework.ts'
import type { Statement } from './statement.ts'

async function defaultsOf<Kind>(folder: string): Promise<ReadonlyMap<string, Kind>> {
  const place = new URL(`./${folder}/`, import.meta.url)
  const names = readdirSync(place).filter((name) => /^[a-z0-9-]+\.(ts|js)$/.test(name))
  const loaded = await Promise.all(
    names.sort().map(async (name) => {
      const { default: one } = (await import(new URL(name, place).href)) as { default: Kind }
      return [name.replace(/\.(ts|js)$/, ''), one] as const
    }),
  )
  return new Map(loaded)
}

/** By the names of their files, which `--framework` takes. */
export const loadFrameworks = (): Promise<ReadonlyMap<string, Framework>> => defaultsOf('frameworks')
/** In the order of their numbers. */
export const loadStatements = async (): Promise<readonly Statement[]> => [
  ...(await defaultsOf<Statement>('statements')).values(),
]
