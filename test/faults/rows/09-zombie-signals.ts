// Delivery model 9: signals of a former owner land late, between those of the next; counts are equal. A topic of events made anew is an alarm.
import { kafkajsDriver } from '../../../connectors/kafka/kafkajs.ts'
import { setUpTopics } from '../../../connectors/kafka/topic-setup.ts'
import { RECREATED_RULE } from '../../../detectors/engine/signals/signal-sources.ts'
import type { AuditEvent } from '../../../schemas/event.ts'
import { recordingTelemetry } from '../../contract/samples.ts'
import { interleaved, source } from '../../unit/detectors/crossing-rules.ts'
import type { Row, RowContext, Verdict } from '../row.ts'
import {
  CROSSING_RULES,
  differenceOf,
  expectedIds,
  holdsFinally,
  openPlumbing,
  own,
  prefixOf,
  story,
} from '../signals-bed.ts'

const VARIANTS = { late: 'late signals', anew: 'the topic is made anew' } as const

const row: Row = {
  number: 9,
  title: 'late signals of a zombie, and a topic of events made anew',
  buses: ['kafka'],
  variants: () => Object.values(VARIANTS),
  seeds: { ci: { kafka: 1 }, full: { kafka: 5 } },
  sabotages: ['no-signal-positions'],
  run: (context) => (context.variant === VARIANTS.anew ? madeAnew(context) : lateSignals(context)),
}
export default row

/** The zombie sends in order too, one after another, and may be ahead of its successor or behind it. */
async function lateSignals(context: RowContext): Promise<Verdict> {
  const { random } = context
  const options = { brokers: (await context.broker(1)).brokers, prefix: prefixOf(), partitions: 3 }
  const [next, zombie] = [await openPlumbing(context, options), await openPlumbing(context, options)]
  const events = story(random)
  const { signals } = source(CROSSING_RULES, events)
  const mine = signals.map((signal) => ({ signal, bus: next.signals! }))
  const late = signals.slice(0, random.between(1, signals.length)).map((signal) => ({ signal, bus: zombie.signals! }))
  const reader = await own(context, next)
  let sent = 0
  for (const { signal, bus } of interleaved([mine, late], (below) => random.between(0, below - 1))) {
    await bus.publish([signal])
    sent += 1
  }
  const expected = expectedIds(events)
  const seen = () => new Set(reader.store.findings.keys())
  await holdsFinally(() => differenceOf(expected, seen()).length === 0)
  const evaluated = reader.role.engines().map((engine) => engine.counters().evaluations)
  const counted = evaluated.reduce((sum, rules) => sum + Object.values(rules).reduce((a, b) => a + b, 0), 0)
  return {
    faults: [
      ...differenceOf(expected, seen()),
      ...(counted === signals.length
        ? []
        : [`${counted} signals were counted of ${signals.length}, ${sent} were sent`]),
    ],
  }
}

async function madeAnew(context: RowContext): Promise<Verdict> {
  const { random } = context
  const { brokers } = await context.broker(1)
  const options = { brokers, prefix: prefixOf(), partitions: 3 }
  const driver = kafkajsDriver({ brokers, clientId: 'faults' })
  context.defer(() => driver.close())
  const [before, after] = [story(random), story(random)].map((events, life) => placedIn(events, life))
  const first = await openPlumbing(context, options)
  const owner = await own(context, first)
  await first.bus.publish(before!)
  const held = await holdsFinally(() => owner.store.findings.size === expectedIds(before!).size)
  await owner.role.stop()
  await driver.deleteTopics([`${options.prefix}mcp.audit.events`])
  await setUpTopics(driver, { partitions: 3, replicas: 1, prefix: options.prefix })
  const second = await openPlumbing(context, options)
  const telemetry = recordingTelemetry()
  const successor = await own(context, second, CROSSING_RULES, telemetry)
  // Offsets start anew: every one is below what the readers know of the topic before.
  await second.bus.publish(after!)
  const expected = expectedIds(after!)
  const alarms = () => [...successor.store.findings.values()].filter(({ rule }) => rule === RECREATED_RULE)
  const seen = () =>
    new Set([...successor.store.findings].flatMap(([id, { rule }]) => (rule === RECREATED_RULE ? [] : [id])))
  await holdsFinally(() => differenceOf(expected, seen()).length === 0 && alarms().length > 0)
  return {
    faults: [
      ...(held ? [] : ['the first topic was not detected']),
      ...differenceOf(expected, seen()),
      ...(alarms().length === 1 ? [] : [`${alarms().length} alarms, not 1`]),
      ...(telemetry.logs.includes('topic_recreated') ? [] : ['the log does not say so']),
      ...((telemetry.counts.get('mcp_auditd_sources_recreated_total') ?? 0) > 0 ? [] : ['the counter does not say so']),
    ],
  }
}

/** Other people and clients in each life, so that the findings of one are not those of the other. */
const placedIn = (events: readonly AuditEvent[], life: number): AuditEvent[] =>
  events.map((event) => ({
    ...event,
    clientKey: `life-${life}-${event.clientKey}`,
    principalKey: `${life}${event.principalKey!.slice(1)}`,
  }))
