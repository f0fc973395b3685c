/** The fake receiver verifies as the specification says, with code of its own. */

import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { StandardWebhooksReceiver } from '../../fakes/standard-webhooks-receiver.ts'

/** The specification's own example of a secret, id, time and signature. */
const EXAMPLE = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  atSeconds: 1614265330,
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
}
const body = JSON.stringify({ type: 'alert.raised', timestamp: '2026-10-01T10:00:00Z', data: {} })
let receiver: StandardWebhooksReceiver
let nowMs = EXAMPLE.atSeconds * 1000
beforeAll(async () => {
  receiver = await StandardWebhooksReceiver.start({ secret: EXAMPLE.secret, nowMs: () => nowMs })
})
afterAll(() => receiver.close())

async function post(given: { id?: string; at?: number; body?: string; signature?: string; signed?: string }) {
  const id = given.id ?? 'msg_1'
  const at = given.at ?? EXAMPLE.atSeconds
  const signature =
    given.signature ?? new Webhook(EXAMPLE.secret).sign(id, new Date(at * 1000), given.signed ?? given.body ?? body)
  const answer = await fetch(receiver.url, {
    method: 'POST',
    headers: { 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': signature },
    body: given.body ?? body,
  })
  return answer.status
}

describe('the fake Standard Webhooks receiver', () => {
  it('agrees with the example of the specification', async () => {
    // Its body has no `type`: 400 comes after the signature was found good, 401 would come before.
    expect(await post({ id: EXAMPLE.id, body: EXAMPLE.body, signature: EXAMPLE.signature })).toBe(400)
    expect(
      await post({ id: EXAMPLE.id, body: EXAMPLE.body, signature: EXAMPLE.signature.replace('g0hM', 'h0hM') }),
    ).toBe(401)
  })
  it('takes a signed message once and knows its repetition', async () => {
    expect(await post({ id: 'msg_2' })).toBe(200)
    expect(await post({ id: 'msg_2', at: EXAMPLE.atSeconds + 60 })).toBe(200)
    expect(receiver.taken.filter(({ id }) => id === 'msg_2')).toHaveLength(1)
    expect(receiver.repeats).toEqual(['msg_2'])
  })
  it('refuses a changed body, another id, a v1a signature and none', async () => {
    expect(await post({ signed: body.replace('{}', '{"a":1}') })).toBe(401)
    expect(
      await post({ id: 'msg_3', signature: new Webhook(EXAMPLE.secret).sign('msg_4', new Date(nowMs), body) }),
    ).toBe(401)
    expect(await post({ signature: `v1a,${'A'.repeat(88)}` })).toBe(401)
    expect((await fetch(receiver.url, { method: 'POST', body })).status).toBe(400)
  })
  it('takes any good signature of a list', async () => {
    const good = new Webhook(EXAMPLE.secret).sign('msg_5', new Date(nowMs), body)
    expect(await post({ id: 'msg_5', signature: `v1,${'A'.repeat(43)}= ${good}` })).toBe(200)
  })
  it('refuses a time more than five minutes away, in both directions', async () => {
    expect(await post({ id: 'msg_6', at: EXAMPLE.atSeconds - 300 })).toBe(200)
    expect(await post({ id: 'msg_7', at: EXAMPLE.atSeconds - 301 })).toBe(400)
    expect(await post({ id: 'msg_8', at: EXAMPLE.atSeconds + 301 })).toBe(400)
    nowMs += 400_000
    expect(await post({ id: 'msg_9' })).toBe(400)
    nowMs -= 400_000
  })
  it('answers 410 once it wants no more', async () => {
    receiver.gone = true
    expect(await post({ id: 'msg_10' })).toBe(410)
    receiver.gone = false
  })
})
