/** Which indicators of a feed were told, and how: 17 characters for each, in 16 parts, so that a change rewrites one of them. */
import { createHash } from 'node:crypto'
import { type JobState, MAX_JOB_VALUE_CHARS } from '../../schemas/job-state.ts'

const KEY_CHARS = 11
const ENTRY_CHARS = KEY_CHARS + 6
/** Of all parts together; a little less than what they could hold, because they do not fill evenly. */
export const MAX_INDICATORS = Math.floor((MAX_JOB_VALUE_CHARS / ENTRY_CHARS) * 16 * 0.9)

const shortHash = (text: string, bytes: number): string =>
  createHash('sha256').update(text).digest().subarray(0, bytes).toString('base64url')

export interface IndicatorMemory {
  /** True when it was told before, whatever was said of it. */
  knows(indicator: string): boolean
  isTold(indicator: string, content: string): boolean
  tell(indicator: string, content: string): void
  /** Makes what was told durable. */
  save(): Promise<void>
}

export async function openIndicatorMemory(state: JobState, feed: string): Promise<IndicatorMemory> {
  const parts = await Promise.all(
    Array.from({ length: 16 }, async (_, part) => {
      const text = (await state.get(nameOf(feed, part))) ?? ''
      const entries = new Map<string, string>()
      for (let at = 0; at + ENTRY_CHARS <= text.length; at += ENTRY_CHARS)
        entries.set(text.slice(at, at + KEY_CHARS), text.slice(at + KEY_CHARS, at + ENTRY_CHARS))
      return entries
    }),
  )
  const changed = new Set<number>()
  const place = (indicator: string): readonly [key: string, part: number] => {
    const key = shortHash(indicator, 8)
    return [key, key.charCodeAt(0) % 16]
  }
  return {
    knows(indicator) {
      const [key, part] = place(indicator)
      return parts[part]!.has(key)
    },
    isTold(indicator, content) {
      const [key, part] = place(indicator)
      return parts[part]!.get(key) === shortHash(content, 4)
    },
    tell(indicator, content) {
      const [key, part] = place(indicator)
      parts[part]!.set(key, shortHash(content, 4))
      changed.add(part)
    },
    async save() {
      for (const part of changed) {
        const entries = [...parts[part]!].slice(-Math.floor(MAX_JOB_VALUE_CHARS / ENTRY_CHARS))
        await state.set(nameOf(feed, part), entries.map(([key, digest]) => key + digest).join(''))
      }
      changed.clear()
    },
  }
}
const nameOf = (feed: string, part: number): string => `threat-intel/${feed}/${part.toString(16)}`
