// Delivery model 10: 50 random interleavings of the same source logs give the same ids of findings across servers.
import { partitionOf } from '../../../schemas/topics.ts'
import { found, interleaved, source } from '../../unit/detectors/crossing-rules.ts'
import type { Row } from '../row.ts'
import { CROSSING_RULES, differenceOf, expectedIds, story } from '../signals-bed.ts'

const INTERLEAVINGS = 50
const PARTITIONS = 2

const row: Row = {
  number: 10,
  title: '50 interleavings of two source logs, one set of findings',
  buses: ['embedded'],
  seeds: { ci: { embedded: 1 }, full: { embedded: 20 } },
  async run({ random }) {
    const events = story(random, 60)
    const expected = expectedIds(events)
    const logs = Array.from({ length: PARTITIONS }, (_, partition) =>
      events.filter(({ serverId }) => partitionOf('default', serverId, PARTITIONS) === partition),
    )
    const sent = logs.map((log, partition) => source(CROSSING_RULES, log, partition).signals)
    const faults = new Set<string>()
    if (expected.size === 0 || sent.some((signals) => signals.length === 0)) faults.add('the case was not made')
    for (let i = 0; i < INTERLEAVINGS; i++) {
      const findings = found(
        CROSSING_RULES,
        interleaved(sent, (below) => random.between(0, below - 1)),
      )
      const ids = new Set(findings.map(({ findingId }) => findingId))
      if (ids.size < findings.length) faults.add('a finding came twice')
      for (const fault of differenceOf(expected, ids)) faults.add(fault)
    }
    return { faults: [...faults] }
  },
}
export default row
