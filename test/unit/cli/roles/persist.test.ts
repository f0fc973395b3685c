/** Persisting: repeated until it is durable, ended only by what no repetition mends or by the loss of ownership. */
import { describe, expect, it } from 'vitest'
import { persist } from '../../../../cli/roles/persist.ts'
import { AuditdError } from '../../../../schemas/errors.ts'
import { recordingTelemetry } from '../../../contract/samples.ts'

const down = () => new AuditdError('store_unavailable', 'store', '', 'down')
const forever = new AbortController().signal

describe('persist', () => {
  it('repeats a passing failure and answers what the call answers', async () => {
    const telemetry = recordingTelemetry()
    let calls = 0
    const answer = await persist(
      'rows',
      async () => {
        if (++calls < 3) throw down()
        return calls
      },
      forever,
      telemetry,
    )
    expect(answer).toBe(3)
    expect(telemetry.logs).toEqual(['store_retry', 'store_retry'])
  })
  it('throws at once what no repetition mends', async () => {
    let calls = 0
    const attempt = async () => {
      calls += 1
      throw new AuditdError('state_corrupt', 'state', '', 'torn')
    }
    await expect(persist('state', attempt, forever, recordingTelemetry())).rejects.toMatchObject({
      code: 'state_corrupt',
    })
    await expect(
      persist('state', () => Promise.reject(new TypeError('bug')), forever, recordingTelemetry()),
    ).rejects.toThrow('bug')
    expect(calls).toBe(1)
  })
  it('does not call at all once ownership is lost', async () => {
    let calls = 0
    const attempt = async () => void calls++
    await expect(persist('rows', attempt, AbortSignal.abort(), recordingTelemetry())).rejects.toMatchObject({
      code: 'ownership_lost',
    })
    expect(calls).toBe(0)
  })
  it('stops waiting when ownership is lost between two attempts', async () => {
    const fence = new AbortController()
    let calls = 0
    const attempt = async () => {
      calls += 1
      if (calls === 2) fence.abort()
      throw down()
    }
    await expect(persist('rows', attempt, fence.signal, recordingTelemetry())).rejects.toMatchObject({
      code: 'ownership_lost',
    })
    expect(calls).toBe(2)
  })
})
