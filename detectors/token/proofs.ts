/** DPoP proofs: which of their statements do not hold, and whether the URLs of a server are wrong for everybody. */

export type Proofs = { seen: number; wrongUrl: number }
export const noProofs = (): Proofs => ({ seen: 0, wrongUrl: 0 })
/** After so many times the proofs it takes to judge both counts are halved: what was long ago weighs less. */
const MEMORY = 10

const STATEMENTS = {
  methodOk: 'method',
  urlOk: 'url',
  tokenHashOk: 'token',
  signatureOk: 'signature',
  boundKeyMatch: 'key',
} as const
type Statement = keyof typeof STATEMENTS
interface Proof extends Readonly<Record<Statement, boolean>> {
  readonly issuedSkewMs: number
  says(name: Statement): boolean
}
/** Only what is said to be wrong counts. */
export function proofFaults(e: Proof, skewMs: number): string[] {
  const wrong = (Object.keys(STATEMENTS) as Statement[]).filter((name) => !e[name] && e.says(name))
  const faults: string[] = wrong.map((name) => STATEMENTS[name])
  if (Math.abs(e.issuedSkewMs) > skewMs) faults.push('time')
  return faults
}

/** Count a proof; answers whether a wrong URL may be the fault of a proxy: nearly all of them are wrong, or too few were seen. */
export function noteProof(
  e: Proof,
  cell: Proofs,
  limits: { readonly rewritten: number; readonly proofs: number },
): boolean {
  cell.seen++
  if (!e.urlOk && e.says('urlOk')) cell.wrongUrl++
  const isUnsure = cell.seen < limits.proofs || cell.wrongUrl >= limits.rewritten * cell.seen
  if (cell.seen >= MEMORY * limits.proofs) {
    cell.seen /= 2
    cell.wrongUrl /= 2
  }
  return isUnsure
}
