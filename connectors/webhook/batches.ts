/** Many in one request: cut by size and number, halved where a service refuses the whole because of one. */
import type { TargetVerdict } from '../../schemas/ports.ts'

export interface BatchLimits {
  readonly bytes: number
  readonly entries: number
}

/** In order, each within the limits; one that is larger alone goes alone. Bytes are those of the text in UTF-8, with one for what divides. */
export function batches<Entry extends { readonly text: string }>(
  entries: readonly Entry[],
  limits: BatchLimits,
): readonly (readonly Entry[])[] {
  const all: Entry[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const entry of entries) {
    const more = Buffer.byteLength(entry.text) + 1
    if (bytes + more > limits.bytes || all.at(-1)!.length >= limits.entries) {
      all.push([])
      bytes = 0
    }
    all.at(-1)!.push(entry)
    bytes += more
  }
  return all
}

/** What one request led to: a verdict for each, or the whole was refused for what may be the fault of one. */
export type BatchResult = readonly TargetVerdict[] | { readonly refusedWhole: string }

/** Verdicts in the order of the entries. A refused batch is sent again in halves, so that one bad entry costs its neighbours nothing. */
export async function inHalves<Entry>(
  entries: readonly Entry[],
  attempt: (entries: readonly Entry[]) => Promise<BatchResult>,
): Promise<readonly TargetVerdict[]> {
  if (entries.length === 0) return []
  const result = await attempt(entries)
  if (!('refusedWhole' in result)) return result
  if (entries.length === 1) return [{ kind: 'refused', reason: result.refusedWhole }]
  const middle = Math.ceil(entries.length / 2)
  const first = await inHalves(entries.slice(0, middle), attempt)
  return [...first, ...(await inHalves(entries.slice(middle), attempt))]
}

/** One verdict for all of them: delivered when each is; a retry before a refusal, because it says nothing of the rest yet. */
export function together(verdicts: readonly TargetVerdict[]): TargetVerdict {
  const retries = verdicts.filter((verdict) => verdict.kind === 'retry')
  const [retry] = retries
  if (retry !== undefined) return { ...retry, afterMs: Math.max(...retries.map(({ afterMs = 0 }) => afterMs)) }
  return verdicts.find((verdict) => verdict.kind === 'refused') ?? { kind: 'delivered' }
}
