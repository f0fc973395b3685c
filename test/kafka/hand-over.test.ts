// Hand-over between processes on a real broker: a stopped owner's late commit is dropped, a killed one's work goes on.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { kafkajsDriver } from '../../connectors/kafka/kafkajs.ts'
import { brokers, skipReason, uniqueName } from './broker.ts'

interface Said {
  readonly at: number
  readonly ready?: true
  readonly assigned?: number
  readonly revoked?: number
  readonly partition?: number
  readonly offsets?: readonly number[]
  readonly committed?: boolean
}

const members: ChildProcess[] = []
function member(driver: string, topic: string) {
  const said: Said[] = []
  const child = spawn(process.execPath, [join(import.meta.dirname, 'member.ts'), driver, topic, topic], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  members.push(child)
  createInterface({ input: child.stdout }).on('line', (line) => said.push(JSON.parse(line) as Said))
  const handled = () => said.flatMap((one) => one.offsets ?? [])
  return { child, said, handled }
}
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await holds()); await sleep(50))
    if (Date.now() > deadline) throw new Error(`not in 20 s: ${what}`)
}

describe.skipIf(brokers.length === 0).each(['kafkajs', 'platformatic'])(
  `hand-over on %s${skipReason}`,
  { timeout: 60_000 },
  (name) => {
    afterEach(async () => {
      for (const child of members.splice(0)) {
        if (child.exitCode !== null || child.signalCode !== null) continue
        child.kill('SIGCONT')
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
    })

    const loaded = async () => {
      const topic = uniqueName('hand-over')
      const driver = kafkajsDriver({ brokers, clientId: 'load' })
      await driver.createTopics([{ topic, partitions: 1 }])
      const producer = await driver.producer()
      let running = true
      let sent = 0
      const load = (async () => {
        for (; running; sent++) {
          await producer.send(topic, 0, [{ key: null, value: Buffer.from(String(sent)), headers: {} }])
          await sleep(10)
        }
      })()
      return {
        topic,
        driver,
        stop: async () => {
          running = false
          await load
          return sent
        },
      }
    }

    test('an owner stopped in the middle of a batch loses the partition; continued, its commit is dropped and it only rewinds', async () => {
      const { topic, driver, stop } = await loaded()
      const first = member(name, topic)
      await until('the first works', () => first.handled().length > 20)
      const second = member(name, topic)
      await until('the second is a member', () => second.said.some((one) => one.ready))
      // One of the two owns the only partition.
      await until('one owner works', () => first.handled().length + second.handled().length > 50)
      const ownerOf = () => [first, second].find((one) => lastSaid(one.said) !== undefined)!
      const owner = ownerOf()
      const other = owner === first ? second : first
      const before = other.handled().length
      owner.child.kill('SIGSTOP')
      await until('the other has taken over', () => other.handled().length > before + 20)
      const stoppedAt = owner.said.length
      owner.child.kill('SIGCONT')
      await until('the stopped one says that its assignment is over', () =>
        owner.said.slice(stoppedAt).some((one) => one.revoked === 0),
      )
      // Up to its own `revoked`: what it commits after rejoining, it may.
      const after = owner.said.slice(stoppedAt)
      const late = after
        .slice(
          0,
          after.findIndex((one) => one.revoked === 0),
        )
        .filter((one) => one.committed !== undefined)
      expect(late.map((one) => one.committed)).not.toContain(true)
      const sent = await stop()
      await until('everything handled', () => new Set([...first.handled(), ...second.handled()]).size === sent)
      await until('the commit reaches the end', async () => (await driver.committed(topic, topic, 0)) === sent)
      await driver.close()
    })

    test('kill -9 of the owner: the other goes on from the last commit, and nothing is left out', async () => {
      const { topic, driver, stop } = await loaded()
      const first = member(name, topic)
      await until(
        'the first works and has committed',
        () => first.handled().length > 20 && first.said.some(({ committed }) => committed === true),
      )
      first.child.kill('SIGKILL')
      const second = member(name, topic)
      await until('the second works', () => second.handled().length > 20)
      const sent = await stop()
      await until('everything handled', () => new Set([...first.handled(), ...second.handled()]).size === sent)
      const again = second.handled().filter((offset) => first.handled().includes(offset))
      // Only what was in work when it was killed comes again: nothing below its last commit.
      const lastCommitted = first.said.findLastIndex(({ committed }) => committed === true)
      const committed = first.said.slice(0, lastCommitted).flatMap(({ offsets = [] }) => offsets)
      expect(lastCommitted).toBeGreaterThan(0)
      expect(again.filter((offset) => offset <= Math.max(...committed))).toEqual([])
      await driver.close()
    })
  },
)

/** The last assignment of partition 0 that was not revoked. */
function lastSaid(said: readonly Said[]): Said | undefined {
  const last = said.findLast((one) => one.assigned === 0 || one.revoked === 0)
  return last?.assigned === 0 ? last : undefined
}
