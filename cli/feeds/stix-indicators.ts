/** Indicators of a STIX 2.1 bundle, or of the objects of a TAXII envelope: what to look for, how sure the feed is, and until when. */
import { z } from 'zod'
import type { ThreatFeed } from '../../schemas/job-config.ts'
import { type IndicatorKind, observablesOf } from './stix-pattern.ts'

export interface Indicator {
  readonly kind: IndicatorKind
  readonly value: string
  readonly confidence: number
  /** Seconds since 1970; 0: no end. */
  readonly expiresAt: number
  readonly revoked: boolean
  /** When the feed changed it last. */
  readonly modified: string
}
export interface IndicatorReading {
  readonly indicators: readonly Indicator[]
  /** Objects of other kinds, other pattern languages, patterns that say more, networks, and what is wrong. */
  readonly skipped: number
}
const time = z.iso.datetime({ offset: true })
const indicator = z.looseObject({
  type: z.literal('indicator'),
  id: z.string().max(256),
  modified: time,
  pattern: z.string(),
  pattern_type: z.string().default('stix'),
  valid_from: time.optional(),
  valid_until: time.optional(),
  confidence: z.number().min(0).max(100).optional(),
  revoked: z.boolean().default(false),
})

/** Of each object the newest version counts. One that is not in force yet is left for a later reading. */
export function indicatorsOf(objects: readonly unknown[], feed: ThreatFeed, nowMs: number): IndicatorReading {
  const newest = new Map<string, z.infer<typeof indicator>>()
  let skipped = 0
  for (const object of objects) {
    const parsed = indicator.safeParse(object)
    if (!parsed.success) {
      if ((object as { type?: unknown } | null)?.type === 'indicator') skipped += 1
      continue
    }
    const before = newest.get(parsed.data.id)
    if (before === undefined || Date.parse(before.modified) < Date.parse(parsed.data.modified))
      newest.set(parsed.data.id, parsed.data)
  }
  const found = new Map<string, Indicator>()
  for (const one of newest.values()) {
    const observables = one.pattern_type === 'stix' ? observablesOf(one.pattern) : undefined
    const confidence = Math.round(one.confidence ?? feed.defaultConfidence)
    if (
      observables === undefined ||
      confidence < feed.minimumConfidence ||
      Date.parse(one.valid_from ?? one.modified) > nowMs
    ) {
      skipped += 1
      continue
    }
    const untilMs = one.valid_until === undefined ? 0 : Date.parse(one.valid_until)
    const isOver = one.revoked || (untilMs !== 0 && untilMs <= nowMs)
    for (const { kind, value } of observables) {
      const key = `${kind} ${value}`
      const here: Indicator = {
        ...{ kind, value, confidence, expiresAt: Math.floor(untilMs / 1_000), revoked: isOver, modified: one.modified },
      }
      found.set(key, stronger(found.get(key), here))
    }
  }
  return { indicators: [...found.values()], skipped }
}

/** Of two that say the same: one in force before one that is over, then the surer, then the longer. */
function stronger(one: Indicator | undefined, other: Indicator): Indicator {
  if (one === undefined) return other
  const rank = ({ revoked, confidence, expiresAt }: Indicator) => [
    revoked ? 0 : 1,
    confidence,
    expiresAt === 0 ? Number.MAX_VALUE : expiresAt,
  ]
  const [a, b] = [rank(one), rank(other)]
  const at = a.findIndex((value, index) => value !== b[index])
  return at < 0 || a[at]! > b[at]! ? one : other
}

/** Objects of a bundle; undefined when it is none. */
export function bundleObjects(value: unknown): readonly unknown[] | undefined {
  if (value === null || typeof value !== 'object') return undefined
  const { type, objects = [] } = value as { type?: unknown; objects?: unknown }
  return type === 'bundle' && Array.isArray(objects) ? (objects as unknown[]) : undefined
}
