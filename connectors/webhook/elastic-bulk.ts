/** The bulk API of Elasticsearch and OpenSearch: its lines, and what its answers mean for each document. */
import type { TargetAnswer, TargetVerdict } from '../../schemas/ports.ts'
import { objectOf, recordOf } from './answer-body.ts'
import type { BatchResult } from './batches.ts'
import { jsonLine } from './forms/json-line.ts'

/** Far below `http.max_content_length` (100 MB), because AWS takes 10 MB on small instances and proxies less. */
export const BULK_LIMITS = { bytes: 5_000_000, entries: 500 }
/** Only what a verdict needs comes back, so that the answer for 500 documents fits what we read of an answer (64 KB). */
export const BULK_PATH = '/_bulk?filter_path=errors,items.*.status,items.*.error.type'
/** A missing permission or index needs a person. */
const OPERATOR_PAUSE_MS = 600_000
/** 400 that judges the index and not the document: no alert may die of a name in the configuration. */
const SET_UP_WRONG = new Set(['invalid_index_name_exception', 'index_closed_exception', 'invalid_alias_name_exception'])

/** `create` alone is allowed on data streams; with our `_id` a document that is there already answers 409 and is not written twice. */
export const bulkEntry = (index: string, id: string, document: unknown): string =>
  `${JSON.stringify({ create: { _index: index, _id: id } })}\n${jsonLine(document)}`

export const bulkBody = (entries: readonly { readonly text: string }[]): string =>
  `${entries.map(({ text }) => text).join('\n')}\n`

export function bulkResult({ status, body }: TargetAnswer, count: number): BatchResult {
  const reason = `status ${status}`
  const all = (verdict: TargetVerdict) => Array.from({ length: count }, () => verdict)
  if (status === 413) return { refusedWhole: reason }
  const answer = objectOf(body)
  if (status === 200) {
    const { items } = answer
    if (!Array.isArray(items) || items.length !== count)
      return all({ kind: 'retry', reason: 'status 200 without a result for each' })
    return items.map(verdictOf)
  }
  // A body that it could not read may hold one bad line; what a proxy says about a request is no judgement of ours.
  if (status === 400 && 'error' in answer) return { refusedWhole: reason }
  const person = status >= 400 && status < 500 && status !== 408 && status !== 429
  return all({ kind: 'retry', reason, ...(person ? { afterMs: OPERATOR_PAUSE_MS } : {}) })
}

function verdictOf(item: unknown): TargetVerdict {
  const { create } = recordOf(item)
  const { status, error } = recordOf(create)
  const { type } = recordOf(error)
  if (typeof status !== 'number') return { kind: 'retry', reason: 'a result without a status' }
  if ((status >= 200 && status < 300) || status === 409) return { kind: 'delivered' }
  const kind = typeof type === 'string' && /^[a-z_]{1,60}$/.test(type) ? ` ${type}` : ''
  const reason = `status ${status}${kind}`
  // The mapping refuses it now and later; everything else passes: a full queue, a block of the cluster, a missing index or permission.
  const isSetUp = status === 403 || status === 404 || (typeof type === 'string' && SET_UP_WRONG.has(type))
  if (status === 400 && !isSetUp) return { kind: 'refused', reason }
  return isSetUp ? { kind: 'retry', reason, afterMs: OPERATOR_PAUSE_MS } : { kind: 'retry', reason }
}
