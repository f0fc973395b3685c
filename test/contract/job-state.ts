/** The contract of JobState: any adapter must pass it. */
import { afterEach, describe, expect, it } from 'vitest'
import type { Candidate, JobState } from '../../schemas/job-state.ts'
import { until } from './kafka-subject.ts'

export interface JobStateUnderTest {
  readonly state: JobState
  /** The same state after a restart, or of another replica. */
  reopen(): Promise<JobState>
  close(): Promise<void>
}

export function describeJobState(name: string, make: () => Promise<JobStateUnderTest>): void {
  describe(`job state: ${name}`, () => {
    let under: JobStateUnderTest | undefined
    afterEach(() => under?.close())

    it('remembers the newest value of each name, across a restart', async () => {
      under = await make()
      expect(await under.state.get('run/a')).toBeUndefined()
      await under.state.set('run/a', '1')
      await under.state.set('run/b', '{"é":"\u{1F600}"}')
      await under.state.set('run/a', '2')
      expect([await under.state.get('run/a'), await under.state.get('run/b')]).toEqual(['2', '{"é":"\u{1F600}"}'])
      const again = await under.reopen()
      expect([await again.get('run/a'), await again.get('run/b')]).toEqual(['2', '{"é":"\u{1F600}"}'])
      await again.set('run/a', '3')
      expect(await again.get('run/a')).toBe('3')
    })
    it('takes a large value, and refuses one that is no record any more', async () => {
      under = await make()
      const large = 'x'.repeat(299_000)
      await under.state.set('large', large)
      expect(await (await under.reopen()).get('large')).toBe(large)
      await expect(under.state.set('large', `${large}${large}`)).rejects.toMatchObject({ code: 'event_too_large' })
      expect(await under.state.get('large')).toBe(large)
    })
    it('elects who stands alone, and deposes it when it closes', async () => {
      under = await make()
      const told: string[] = []
      const candidate: Candidate = {
        elected: async () => void told.push('elected'),
        deposed: async () => void told.push('deposed'),
      }
      const standing = await under.state.stand(candidate)
      await until('elected', () => told.length > 0)
      await standing.close()
      expect(told).toEqual(['elected', 'deposed'])
    })
  })
}

/** Where several processes can have the same state. */
export function describeElection(name: string, make: () => Promise<JobStateUnderTest>): void {
  it(`job state: ${name}: of two candidates one is elected, and the other when that one leaves`, async () => {
    const under = await make()
    const leading = new Set<string>()
    let most = 0
    const candidate = (who: string): Candidate => ({
      elected: async () => {
        leading.add(who)
        most = Math.max(most, leading.size)
      },
      deposed: async () => void leading.delete(who),
    })
    const first = await under.state.stand(candidate('first'))
    await until('the first leads', () => leading.has('first'))
    const second = await (await under.reopen()).stand(candidate('second'))
    await until('one leads', () => leading.size === 1)
    const [leader] = leading
    await (leader === 'first' ? first : second).close()
    await until('the other leads', () => leading.size === 1 && !leading.has(leader!))
    await (leader === 'first' ? second : first).close()
    expect([most, leading.size]).toEqual([1, 0])
    await under.close()
  })
}
