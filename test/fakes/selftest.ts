/**
 * `npm run fakes:selftest`: every fake service refuses what the real one refuses. A fake is a file of this folder that exports `selftest`;
 * nothing is registered here.
 */
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'

/** Something beyond a documented limit. `refuses` answers whether the fake (or, for what a target must notice, the target) said no. */
export interface Refusal {
  readonly name: string
  refuses(): Promise<boolean>
}
export interface Refused {
  readonly fake: string
  readonly name: string
  readonly refused: boolean
  /** Why it could not be tried. */
  readonly fault: string
}

export async function refusalsOf(folder = import.meta.dirname): Promise<readonly (Refusal & { fake: string })[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && name !== basename(import.meta.filename))
  const loaded = await Promise.all(
    files.sort().map(async (file) => {
      const { selftest = [] } = (await import(join(folder, file))) as { selftest?: readonly Refusal[] }
      return selftest.map((one) => ({ name: one.name, refuses: () => one.refuses(), fake: basename(file, '.ts') }))
    }),
  )
  return loaded.flat()
}

export async function tryAll(refusals: readonly (Refusal & { fake: string })[]): Promise<readonly Refused[]> {
  const tried: Refused[] = []
  for (const { fake, name, refuses } of refusals) {
    const [refused, fault] = await refuses().then(
      (said) => [said, ''] as const,
      (error: unknown) => [false, error instanceof Error ? error.message : String(error)] as const,
    )
    tried.push({ fake, name, refused, fault })
  }
  return tried
}

if (process.argv[1] === import.meta.filename) {
  const tried = await tryAll(await refusalsOf())
  const width = (key: 'fake' | 'name') => Math.max(...tried.map((one) => one[key].length))
  for (const { fake, name, refused, fault } of tried)
    console.log(
      `${refused ? 'refused ' : 'ACCEPTED'}  ${fake.padEnd(width('fake'))}  ${name.padEnd(width('name'))}  ${fault}`.trimEnd(),
    )
  const accepted = tried.filter((one) => !one.refused).length
  console.log(`${tried.length} tried, ${accepted} accepted`)
  process.exitCode = accepted === 0 && tried.length > 0 ? 0 : 1
}
