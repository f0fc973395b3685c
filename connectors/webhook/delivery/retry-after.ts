/** Retry-After of an answer (RFC 9110 §10.2.3): seconds or an HTTP date. */

/** No receiver may silence a target for longer than this. */
export const LONGEST_RETRY_AFTER_MS = 86_400_000

/** Milliseconds from `nowMs`, 0 to one day; undefined when the header is absent or unreadable. */
export function retryAfterMs(headers: Readonly<Record<string, string>>, nowMs: number): number | undefined {
  const value = headers['retry-after']?.trim()
  if (value === undefined || value === '') return undefined
  const afterMs = /^\d+$/.test(value) ? Number(value) * 1000 : httpDateMs(value) - nowMs
  if (Number.isNaN(afterMs)) return undefined
  return Math.min(Math.max(afterMs, 0), LONGEST_RETRY_AFTER_MS)
}

/** Only the form every sender must write (`Sun, 06 Nov 1994 08:49:37 GMT`); Date.parse would also take numbers and local times. */
const httpDateMs = (text: string): number =>
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text) ? Date.parse(text) : Number.NaN
