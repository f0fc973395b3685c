/** Objects of a TAXII 2.1 collection, page by page, from where the reading before ended. */
import { z } from 'zod'
import type { ThreatFeed } from '../../schemas/job-config.ts'
import { failed, jsonOf, openReading } from './document.ts'

const TAXII = 'application/taxii+json;version=2.1'
const PAGE = 1_000
const MAX_PAGES = 500
const envelope = z.looseObject({
  more: z.boolean().default(false),
  next: z.string().optional(),
  objects: z.array(z.unknown()).default([]),
})

export interface TaxiiReading {
  readonly objects: readonly unknown[]
  /** For the next reading; what was given when nothing was added. */
  readonly addedAfter: string | undefined
}

export async function readCollection(
  feed: ThreatFeed,
  addedAfter: string | undefined,
  signal: AbortSignal,
): Promise<TaxiiReading> {
  if (feed.url === undefined) throw failed(feed, 'a collection needs a url')
  const base = `${feed.url.replace(/\/+$/, '').replace(/\/objects$/, '')}/objects/`
  const reading = await openReading(feed, signal)
  const objects: unknown[] = []
  let last = addedAfter
  let next: string | undefined
  try {
    for (let page = 0; ; page++) {
      if (page >= MAX_PAGES) throw failed(feed, `has more than ${MAX_PAGES} pages`)
      const query = new URLSearchParams({
        limit: String(PAGE),
        'match[type]': 'indicator',
        ...(addedAfter !== undefined && { added_after: addedAfter }),
        ...(next !== undefined && { next }),
      })
      const { text, headers } = await reading.get(`${base}?${query}`, TAXII)
      const parsed = envelope.safeParse(jsonOf(feed, text === '' ? '{}' : text))
      if (!parsed.success) throw failed(feed, `is no TAXII envelope: ${parsed.error.issues[0]?.path.join('.')}`)
      objects.push(...parsed.data.objects)
      const added = headers.get('x-taxii-date-added-last')
      if (added !== null && !Number.isNaN(Date.parse(added))) last = added
      if (!parsed.data.more) return { objects, addedAfter: last }
      // Without `next` a server pages by time; one that does neither would repeat itself for ever.
      if (parsed.data.next === undefined && (added === null || added === addedAfter))
        throw failed(feed, 'says that there is more, and not where')
      if (parsed.data.next !== undefined && parsed.data.next === next) throw failed(feed, 'repeats a page')
      next = parsed.data.next
      if (next === undefined) addedAfter = last
    }
  } finally {
    await reading.close()
  }
}
