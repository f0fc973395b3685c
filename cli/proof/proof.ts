/** The proof of a running service: the key it signs with, where it is kept, and how far the chains of its partitions reach. */
import type { Config } from '../../schemas/config.ts'
import type { Telemetry } from '../../schemas/ports.ts'
import type { ProofHead, ProofStore } from '../../schemas/proof.ts'
import type { ProofParts } from './sealer.ts'
import { openSigner } from './signer.ts'

export interface Proof extends ProofParts {
  /** Of the partitions this service owns now. */
  heads(): readonly ProofHead[]
}
export interface OpenProof {
  readonly settings: Config
  readonly dataDir: string
  readonly store: ProofStore
  readonly telemetry: Telemetry
  /** Other processes may sign in the same store. */
  readonly isShared: boolean
  readonly heads: () => readonly ProofHead[]
}

export async function openProof({ settings, dataDir, store, telemetry, isShared, heads }: OpenProof): Promise<Proof> {
  const signer = await openSigner(settings, dataDir, telemetry, isShared)
  await store.insertProofKey(signer.key)
  const { sealRows, sealEveryMs } = settings.proof
  return { store, signer, sealRows, sealEveryMs, heads }
}
