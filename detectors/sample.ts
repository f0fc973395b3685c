/** Example events for rules: built in short names, valid as AuditEvents, with ids and times by their place in the example. */
import { createHash } from 'node:crypto'
import type { AuditEvent, EventType as WireType } from '../schemas/event.ts'
import type { Severity } from '../schemas/finding.ts'
import { type AuditEvents, MAPPINGS } from './engine/vocabulary.ts'
import type { Example } from './rule.ts'

/** Event time of `ts: 0` in examples. */
export const SAMPLE_EPOCH_MS = Date.UTC(2026, 0, 1)
const SAMPLE_STEP_MS = 1_000

export interface Sample {
  readonly type: WireType
  readonly fields: Readonly<Record<string, unknown>>
}
type Fields<T extends WireType> = { readonly [F in keyof AuditEvents[T]]?: AuditEvents[T][F] } & {
  readonly ts?: number
}
/** An example event. `ts` is in milliseconds from the start of the example; without it, events are one second apart. */
export const sample = <T extends WireType>(type: T, fields: Fields<T> = {}): Sample => ({
  type,
  fields: fields as Readonly<Record<string, unknown>>,
})

/** A readable name as an id of the wire, which must be hex: `alice` is 616c696365. Hex stays as it is. */
export const idOf = (word: string): string =>
  /^[0-9a-f-]{0,64}$/.test(word) ? word : Buffer.from(word).toString('hex').slice(0, 64)
/** A readable name as a SHA-256 of the wire. */
export const hashOf = (word: string): string => createHash('sha256').update(word).digest('hex')

/** The wire events of an example, in order, each with an id of its own. */
export function exampleEvents(samples: readonly object[], tenant = 'default'): AuditEvent[] {
  let ts = 0
  return samples.map((each, index) => {
    const { type, fields } = each as Sample
    ts = typeof fields['ts'] === 'number' ? fields['ts'] : ts + SAMPLE_STEP_MS
    const event: Record<string, unknown> = {
      eventType: type,
      eventId: hashOf(`${tenant}/${index}`).slice(0, 32),
      eventTime: new Date(SAMPLE_EPOCH_MS + ts).toISOString(),
      serverId: 'mcp.example.com',
      tenant,
      vantage: 'server',
      source: 'native',
    }
    for (const [name, value] of Object.entries(fields)) {
      const mapping = MAPPINGS.get(name)
      if (mapping === undefined || value === '') continue
      const ids = mapping.isId && name !== 'id'
      event[mapping.field] = ids ? idOf(value as string) : name === 'actors' ? (value as string[]).map(idOf) : value
    }
    return event as unknown as AuditEvent
  })
}

/** An example of a rule: what its name says happens in these events. */
export const example = (name: string, ...events: readonly Sample[]): Example => ({ name, events })
/** The same with options of the rule. */
export const exampleWith = (
  config: Readonly<Record<string, unknown>>,
  name: string,
  ...events: readonly Sample[]
): Example => ({ name, events, config })
/** An example that is about how often it is said. */
export const counted = (findings: number, of: Example): Example => ({ ...of, findings })
/** An example that is about how bad it is. */
export const graded = (severity: Severity, of: Example): Example => ({ ...of, severity })
export const allGraded = (severity: Severity, ...all: readonly Example[]): Example[] =>
  all.map((each) => graded(severity, each))
