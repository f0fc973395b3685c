/** The keys of the first tenant are rotated in the middle of the week: hashes are new, and for a day events name the former ones. */
import { DAY_MS, START_MS, TENANTS } from './fleet.ts'
import { stableHex } from './random.ts'

export const ROTATED_MS = START_MS + 3.4 * DAY_MS
const OVERLAP_MS = DAY_MS
/** Made with the keys of identities and handles. */
const KEYED = /(Key|Fp|Subs|Principal)$|^(scopeSetHash|actorKeys|argHandles|mintedHandles|producerPrincipal)$/
const NAMES = /^(clientKey|clientNameKey)$/
const HEX = /^[0-9a-f]{32}$/

/** Most hashes of a moment are of people and addresses, which come again and again. */
const REMEMBERED = 50_000
const known = new Map<string, string>()
function renewed(hash: string): string {
  let next = known.get(hash)
  if (next === undefined) {
    next = stableHex(`second key ${hash}`)
    if (known.size > REMEMBERED) known.clear()
    known.set(hash, next)
  }
  return next
}

export function rotate(fields: Record<string, unknown>, ms: number): Record<string, unknown> {
  if (ms < ROTATED_MS || fields['tenant'] !== TENANTS[0]) return fields
  const former = new Set<string>()
  const of = (hash: string): string => {
    if (!HEX.test(hash)) return hash
    const next = renewed(hash)
    former.add(`${next}=${hash}`)
    return next
  }
  for (const name in fields) {
    if (!KEYED.test(name) || NAMES.test(name)) continue
    const value = fields[name]
    if (typeof value === 'string') fields[name] = of(value)
    else if (Array.isArray(value))
      fields[name] = value.map((each: unknown) =>
        typeof each === 'string' ? of(each) : { ...(each as object), fp: of((each as { fp: string }).fp) },
      )
  }
  fields['keyVersion'] = '2'
  if (ms < ROTATED_MS + OVERLAP_MS && former.size > 0) fields['formerHashes'] = [...former]
  return fields
}
