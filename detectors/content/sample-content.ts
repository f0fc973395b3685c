/** Example events about content: what a classifier found, and where. */
import { type Sample, sample } from '../sample.ts'

type Words = NonNullable<Parameters<typeof sample<'content.finding'>>[1]>
const SCORES = { benign: 0.4, suspicious: 0.6, malicious: 0.9, unknown: 0.6, '': 0.6 }
/** A finding of one request; the score is that of the verdict where none is given. */
export const finds = (
  surface: Words['surface'],
  findingClass: string,
  verdict: NonNullable<Words['verdict']> = 'malicious',
  more: Words = {},
): Sample =>
  sample('content.finding', {
    surface,
    findingClass,
    verdict,
    score: SCORES[verdict],
    detector: findingClass.split('.')[0]!,
    request: 'r1',
    tool: 'fetch',
    decision: 'allow',
    ...more,
  } as Words)
/** Tags of names, as an inventory brings them: `fetch=trusted_source`. `at`: ms from the start of the example. */
export const tagged = (inventoryKind: 'tools' | 'principals' | 'destinations', ...tags: string[]): Sample =>
  sample('inventory.snapshot', { ts: 1, inventoryKind, tags })
