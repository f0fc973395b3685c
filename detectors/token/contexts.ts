/** From where and with what program a token is used, in order: two places that take turns are two holders. */
import { keepNewest } from '../newest.ts'
import type { Match } from '../rule.ts'

/** Stretches of use from one address, oldest first: address, its class, program, time of the last use. */
export type Contexts = {
  addresses: string[]
  classes: string[]
  families: string[]
  lastMs: number[]
  uses: number
}
export const noContexts = (): Contexts => ({ addresses: [], classes: [], families: [], lastMs: [], uses: 0 })
const MAX_STRETCHES = 8

interface Use {
  readonly ts: number
  readonly sourceAddress: string
  readonly addressClass: string
  readonly userAgentFamily: string
}
/** `handover`: one place after the other; `turns`: they take turns; `programs`: one place, several programs. */
export type Divergence = {
  readonly kind: 'handover' | 'turns' | 'programs'
  /** Beside the address something else differs: the program, or whether the address is a public one. */
  readonly differs: readonly string[]
  /** Addresses in the window. */
  readonly places: number
}

const isOther = (a: string, b: string): boolean => a !== '' && b !== '' && a !== b

/** Take in a use of the token; answers how it diverges from those of the window before it. */
export function noteUse(e: Use, cell: Contexts, withinMs: number): Divergence | undefined {
  const { addresses, classes, families, lastMs } = cell
  const last = addresses.length - 1
  // Nearly all uses go on; how the stretch diverges was said at its beginning.
  if (addresses[last] === e.sourceAddress && families[last] === e.userAgentFamily) {
    lastMs.push(Math.max(lastMs.pop()!, e.ts))
    return undefined
  }
  const recent = addresses.map((_, i) => i).filter((i) => e.ts - lastMs[i]! < withinMs)
  const others = recent.filter((i) => isOther(addresses[i]!, e.sourceAddress))
  const differs = [
    ...(recent.some((i) => isOther(families[i]!, e.userAgentFamily)) ? ['program'] : []),
    ...(others.some((i) => isOther(classes[i]!, e.addressClass)) ? ['network'] : []),
  ]
  const places = new Set([...recent.map((i) => addresses[i]), e.sourceAddress]).size
  const isBack = others.includes(last) && recent.some((i) => addresses[i] === e.sourceAddress)
  begin(e, cell)
  if (others.length > 0) return { kind: isBack ? 'turns' : 'handover', differs, places }
  return differs.length > 0 ? { kind: 'programs', differs, places } : undefined
}

function begin(e: Use, { addresses, classes, families, lastMs }: Contexts): void {
  addresses.push(e.sourceAddress)
  classes.push(e.addressClass)
  families.push(e.userAgentFamily)
  lastMs.push(e.ts)
  keepNewest(MAX_STRETCHES, addresses, classes, families, lastMs)
}

/** What a divergence means. `pool`: so many addresses are those of a client that leaves through many, not of two holders. */
export function judgeDivergence({ kind, differs, places }: Divergence, pool: number): Match | undefined {
  const expected = 'one holder of the token'
  const evidence = { differs, places }
  if (kind === 'programs')
    return { severity: 'low', saw: 'two programs at one address use the same token', expected, evidence }
  if (kind === 'handover' && !differs.includes('program')) return undefined
  const severity = places >= pool ? 'low' : differs.length > 0 ? 'high' : 'medium'
  return {
    severity,
    saw:
      `${places} addresses${differs.length > 0 ? `, which differ in ${differs.join(' and ')},` : ''} ` +
      (kind === 'turns' ? 'take turns with one token' : 'use one token after each other'),
    expected,
    evidence,
  }
}
