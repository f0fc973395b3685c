/** Which signals were here before: the highest tuple of each source partition. What comes again from an earlier owner is not counted twice. */
import { AuditdError } from '../../../schemas/errors.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { Signal } from '../../../schemas/signal.ts'
import { idOfParts } from '../../finding.ts'

type Tuple = readonly [offset: number, index: number, ordinal: number]
type Saved = readonly (readonly [source: string, tuple: Tuple])[]
/** Logs of events remembered, each with its partitions; an earlier one may still have a signal under way. */
const MAX_LOGS = 8

const isAfter = (a: Tuple, b: Tuple): boolean =>
  a[0] !== b[0] ? a[0] > b[0] : a[1] !== b[1] ? a[1] > b[1] : a[2] > b[2]

/** State: (log, partition) -> tuple, in the snapshot of the partition of keys. */
export class SignalSources {
  /** Log -> partition -> highest tuple. Logs in the order in which they appeared. */
  private readonly logs = new Map<string, Map<number, Tuple>>()

  /** False for what is not above the highest of its source: one owner sends in order, and only after all before it is durable. */
  isNew({ log, partition, offset, index, ordinal }: Signal): boolean {
    const tuple: Tuple = [offset, index, ordinal]
    const partitions = this.logs.get(log)
    const highest = partitions?.get(partition)
    if (highest !== undefined && !isAfter(tuple, highest)) return false
    if (partitions !== undefined) partitions.set(partition, tuple)
    else {
      this.logs.set(log, new Map([[partition, tuple]]))
      if (this.logs.size > MAX_LOGS) this.logs.delete(this.logs.keys().next().value!)
    }
    return true
  }

  /**
   * The log of events another one took the place of, when this signal is the first of a log never seen while one was known: somebody made
   * the topic anew, and what it held before may not all have been detected.
   */
  replaced({ log }: Signal): string | undefined {
    return this.logs.has(log) ? undefined : [...this.logs.keys()].at(-1)
  }

  snapshot(): Uint8Array {
    const saved: Saved = [...this.logs].flatMap(([log, partitions]) =>
      [...partitions].map(([partition, tuple]) => [`${log}/${partition}`, tuple] as const),
    )
    return new TextEncoder().encode(JSON.stringify(saved))
  }

  /** Into a new one only. */
  restore(bytes: Uint8Array): void {
    try {
      for (const [source, tuple] of JSON.parse(new TextDecoder().decode(bytes)) as Saved) {
        const [log, partition] = source.split('/') as [string, string]
        const partitions = this.logs.get(log) ?? new Map<number, Tuple>()
        this.logs.set(log, partitions.set(Number(partition), tuple))
      }
    } catch (error) {
      throw new AuditdError('state_corrupt', 'signal sources', '', 'cannot be read', error)
    }
  }
}

export const RECREATED_RULE = 'auditd-source-recreated'
/** The operator’s finding: the topic of events has another id than the signals before came from. One for each new topic, whoever sees it. */
export function recreatedFinding(signal: Signal, former: string): Finding {
  return {
    findingId: idOfParts([RECREATED_RULE, signal.log]),
    rule: RECREATED_RULE,
    ruleVersion: 1,
    title: 'The topic of events was created anew',
    severity: 'high',
    tenant: signal.tenant,
    serverId: signal.serverId,
    entity: `topic=${signal.log}`,
    eventId: signal.eventId,
    eventTime: signal.eventTime,
    saw: `events come from the topic with the id ${signal.log}`,
    expected: `those of the topic with the id ${former}`,
    evidence: { partition: signal.partition, offset: signal.offset },
    principalKey: '',
    clientKey: '',
    sessionFp: '',
    toolName: '',
    decision: '',
    vantage: '',
    evidenceLevel: 'observed',
  }
}
