/** Retry-After in both of its forms. */
import { expect, it } from 'vitest'
import { LONGEST_RETRY_AFTER_MS, retryAfterMs } from '../../../../../connectors/webhook/delivery/retry-after.ts'

const NOW = Date.parse('2026-10-01T10:00:00Z')
it.each([
  ['30', 30_000],
  ['0', 0],
  ['Thu, 01 Oct 2026 10:01:00 GMT', 60_000],
  ['Thu, 01 Oct 2026 09:00:00 GMT', 0],
  ['99999999999', LONGEST_RETRY_AFTER_MS],
  ['Fri, 01 Jan 2100 00:00:00 GMT', LONGEST_RETRY_AFTER_MS],
  ['', undefined],
  ['soon', undefined],
  ['-5', undefined],
  ['1.5', undefined],
  ['2026-10-01', undefined],
])('%s means %s ms', (header, expected) => {
  expect(retryAfterMs({ 'retry-after': header }, NOW)).toBe(expected)
})
it('is nothing when the header is absent', () => {
  expect(retryAfterMs({}, NOW)).toBeUndefined()
})
