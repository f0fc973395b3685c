// Delivery model 8: signals are delayed and the owner is killed right after a commit; two keys of one event lie in one partition.
import { setTimeout as sleep } from 'node:timers/promises'
import { kafkajsDriver } from '../../../connectors/kafka/kafkajs.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { Row, RowContext } from '../row.ts'
import { differenceOf, expectedIds, holdsFinally, launchWorker, openPlumbing, prefixOf, story } from '../signals-bed.ts'

const LIVES = 3
const REACHED_MS = 60_000

const row: Row = {
  number: 8,
  title: 'signals are delayed, the owner is killed after a commit',
  buses: ['kafka'],
  variants: () => ['keys in four partitions', 'two keys of one event in one partition'],
  seeds: { ci: { kafka: 1 }, full: { kafka: 3 } },
  sabotages: ['commit-before-signals', 'two-signals-in-flight'],
  async run(context) {
    const { random } = context
    const { brokers } = await context.broker(1)
    const partitions = context.variant.startsWith('two') ? 1 : 4
    const options = { brokers, prefix: prefixOf(), partitions, delayMs: 250 }
    const { bus } = await openPlumbing(context, options)
    const events = story(random)
    const expected = expectedIds(events)
    const worker = await launchWorker(context, options, `after-commit:${random.between(1, 3)}`)
    // One after another, so that batches are small and there are many commits.
    const sending = (async () => {
      for (const event of events) {
        await bus.publish([event])
        await sleep(random.between(0, 60))
      }
    })()
    sending.catch(() => {})
    let end = await Promise.race([worker.exited, sleep(REACHED_MS, 'still running', { ref: false })])
    for (let life = 1; life < LIVES && end === 'SIGKILL'; life++) {
      const next = await launchWorker(context, options, `after-commit:${random.between(1, 4)}`)
      // What is left may be too little for another kill.
      end = await Promise.race([next.exited, sleep(4_000, 'left alive', { ref: false })])
      if (end === 'left alive') next.kill('SIGKILL')
    }
    if (end !== 'SIGKILL' && end !== 'left alive') return { faults: [`the owner ended by itself: ${end}`] }
    await sending
    await launchWorker(context, options)
    const seen = await findingsOn(context, brokers, options.prefix)
    await holdsFinally(async () => differenceOf(expected, await seen()).length === 0)
    return { faults: differenceOf(expected, await seen()) }
  },
}
export default row

/** Ids in the topic of findings. */
async function findingsOn({ defer }: RowContext, brokers: readonly string[], prefix: string) {
  const driver = kafkajsDriver({ brokers, clientId: 'faults' })
  defer(() => driver.close())
  const topic = `${prefix}mcp.audit.findings`
  return async (): Promise<ReadonlySet<string>> => {
    const ids = new Set<string>()
    for (let partition = 0; partition < (await driver.partitions(topic)); partition++) {
      const { high } = await driver.watermarks(topic, partition)
      await driver.read(topic, partition, 0, high, (messages) => {
        for (const { value } of messages) ids.add((JSON.parse(String(value)) as Finding).findingId)
      })
    }
    return ids
  }
}
