/** Crashes of the detect role: after any step, done or not, and any cut of the log into batches, the outcome is that of an undisturbed run. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AuditEvent } from '../../../../schemas/event.ts'
import { batchOf, crash, Durable, event, Life, type OnStep } from './detect-bed.ts'

/** A log: messages of 0 to 4 events in three sessions, with retries of the producer in between. */
const logs = fc
  .array(fc.array(fc.record({ session: fc.nat(2), retry: fc.nat(4), login: fc.nat(5) }), { maxLength: 4 }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((shape) => {
    let seq = 0
    return shape.map((message) =>
      message.map(({ session, retry, login }): AuditEvent => {
        const again = retry === 0 && seq > 0
        const number = again ? 1 + ((seq * 7) % seq) : ++seq
        return event(number, {
          sessionFp: String(session).repeat(8),
          eventType: login === 0 && !again ? 'session.created' : 'tool.call',
        })
      }),
    )
  })
/** Crash after so many steps of a life, with or without the effect of the last one. */
const crashes = fc.array(fc.record({ after: fc.nat(14), done: fc.boolean() }), { maxLength: 6 })

function crashing(after: number, done: boolean): OnStep {
  let steps = 0
  return async (step) => {
    // Inserts are slower than everything else, so that what does not wait for them is found out.
    if (step === 'rows') await new Promise(setImmediate)
    steps += 1
    if (steps < after + 1) return
    if (!done || steps > after + 1) throw crash()
    return () => {
      throw crash()
    }
  }
}

/** Reads the log in the given cuts, from life to life, until one life comes to its end. */
async function run(
  log: readonly (readonly AuditEvent[])[],
  cuts: readonly number[],
  ends: readonly { readonly after: number; readonly done: boolean }[],
  snapshotEveryEvents: number,
): Promise<Durable> {
  const durable = new Durable()
  for (let number = 0; ; number++) {
    const end = ends[number]
    const onStep = crashing(end?.after ?? Number.POSITIVE_INFINITY, end?.done ?? true)
    const life = await new Life(durable, onStep, { snapshotEveryEvents }).begin()
    try {
      let at = life.start
      for (let cut = 0; at < log.length; cut++) {
        const next = Math.min(log.length, at + (cuts[(cut + number) % cuts.length] ?? 1))
        await life.handler.batch(batchOf(log, at, next))
        at = next
      }
      await life.handler.revoked('', 0)
      if (durable.commits.at(-1) === log.length || log.flat().length === 0 || end === undefined) return durable
    } catch {
      // The life is over: whatever it still tries is refused.
    } finally {
      await life.role.stop()
    }
  }
}

describe('the detect role', () => {
  it('gives the same findings and each row once, wherever it crashed and however the log was cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        logs,
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
        crashes,
        fc.integer({ min: 1, max: 8 }),
        async (log, cuts, ends, snapshotEveryEvents) => {
          const undisturbed = await run(log, [log.length], [], 1_000)
          const disturbed = await run(log, cuts, ends, snapshotEveryEvents)
          expect(disturbed.findingIds()).toEqual(undisturbed.findingIds())
          expect(disturbed.found.all.map(({ findingId }) => findingId).sort()).toEqual(undisturbed.findingIds())
          expect([...disturbed.store.rows].sort()).toEqual([...undisturbed.store.rows].sort())
          // Nothing is in flight when a life begins here, so asking the store spares every duplicate.
          expect([...disturbed.inserted.values()].filter((times) => times > 1)).toEqual([])
          expect(new Set(log.flat().map(({ eventId }) => eventId)).size).toBe(disturbed.store.rows.size)
        },
      ),
      { numRuns: 150 },
    )
  })
  it('never commits ahead of rows, findings and snapshot', async () => {
    await fc.assert(
      fc.asyncProperty(logs, crashes, async (log, ends) => {
        const durable = new Durable()
        for (const end of [...ends, undefined]) {
          const check: OnStep = async (step) => {
            if (step !== 'commit') return
            const snapshot = await durable.state.restore('f'.repeat(32), 0)
            const unique = new Set(
              log
                .slice(0, snapshot?.next ?? 0)
                .flat()
                .map(({ eventId }) => eventId),
            )
            const stored = durable.places().filter((place) => Number(place.split('/')[0]) < (snapshot?.next ?? 0))
            expect(stored).toHaveLength(unique.size)
          }
          const crashed = crashing(end?.after ?? Number.POSITIVE_INFINITY, end?.done ?? true)
          const life = await new Life(
            durable,
            async (step) => {
              await check(step)
              return crashed(step)
            },
            { snapshotEveryEvents: 1 },
          ).begin()
          try {
            for (let at = life.start; at < log.length; at++) await life.handler.batch(batchOf(log, at, at + 1))
          } catch (error) {
            expect(String(error)).toMatch(/crash|given up/)
          }
          await life.role.stop()
          const snapshot = await durable.state.restore('f'.repeat(32), 0)
          expect(Math.max(0, ...durable.commits)).toBeLessThanOrEqual(snapshot?.next ?? 0)
        }
      }),
      { numRuns: 60 },
    )
  })
})
