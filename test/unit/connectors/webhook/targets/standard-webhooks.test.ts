/** The Standard Webhooks request, exactly, and its secret. */
import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { summaryOf } from '../../../../../connectors/webhook/delivery/flood.ts'
import factory, {
  signersOf,
  standardWebhooksTarget,
} from '../../../../../connectors/webhook/targets/standard-webhooks.ts'
import { targetConfig } from '../../../../../schemas/target-config.ts'
import { sampleAlert, sampleDelivery } from '../../../../fakes/alerts.ts'

const KEY = Buffer.alloc(32, 7)
const SECRET = `whsec_${KEY.toString('base64')}`
const NOW = Date.parse('2026-10-01T10:07:00.500Z')
const target = standardWebhooksTarget('siem', 'https://hooks.example/audit', signersOf('siem', SECRET))

describe('the request', () => {
  it('is exactly this', () => {
    const request = target.request(sampleDelivery('siem'), NOW)
    expect(request.url).toBe('https://hooks.example/audit')
    expect(JSON.parse(request.body)).toEqual({
      type: 'alert.opened',
      timestamp: '2026-10-01T10:06:00Z',
      data: sampleAlert(),
    })
    const id = `${'a1'.repeat(16)}-1`
    const signature = createHmac('sha256', KEY).update(`${id}.1790849220.${request.body}`).digest('base64')
    expect(request.headers).toEqual({
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': '1790849220',
      'webhook-signature': `v1,${signature}`,
    })
  })
  it.each([
    [{}, 'alert.opened', '2026-10-01T10:06:00Z'],
    [{ revision: 4 }, 'alert.updated', '2026-10-01T10:06:00Z'],
    [{ status: 'acknowledged', statusAt: '2026-10-01T10:30:00Z' }, 'alert.acknowledged', '2026-10-01T10:30:00Z'],
    [{ status: 'resolved', statusAt: '2026-10-01T10:30:00Z' }, 'alert.resolved', '2026-10-01T10:30:00Z'],
    [{ status: 'suppressed', statusAt: '' }, 'alert.suppressed', '2026-10-01T10:06:00Z'],
  ] as const)('%j is told as %s', (changed, type, timestamp) => {
    const body: unknown = JSON.parse(target.request(sampleDelivery('siem', sampleAlert(changed)), NOW).body)
    expect(body).toMatchObject({ type, timestamp })
  })
  it('tells many alerts as one, under the key of all of them', () => {
    const bundle = 'b1'.repeat(16)
    const alert = summaryOf(bundle, [sampleDelivery('siem'), sampleDelivery('siem')], 60_000)
    const request = target.request({ ...sampleDelivery('siem', alert), idempotencyKey: bundle, bundle }, NOW)
    expect(request.headers['webhook-id']).toBe(bundle)
    expect(JSON.parse(request.body)).toMatchObject({ type: 'alert.grouped', data: { alertId: bundle, count: 2 } })
  })
  it('carries an OCSF Detection Finding when it is told to', async () => {
    const settings = { secret: async () => SECRET, allowPrivate: false }
    const config = targetConfig.parse({ type: 'webhook', url: 'https://h.example/', secret: 'env:X', body: 'ocsf' })
    const ocsf = await factory.create('siem', config as Parameters<typeof factory.create>[1], settings)
    const { data } = JSON.parse(ocsf.payloads([sampleDelivery('siem')], NOW)[0]!.body) as { data: object }
    expect(data).toMatchObject({ class_uid: 2004, finding_info: { uid: 'a1'.repeat(16) } })
  })
  it('keeps its id over attempts and is signed anew with the time of each', () => {
    const first = target.request(sampleDelivery('siem'), NOW)
    const later = target.request(sampleDelivery('siem', sampleAlert(), 2), NOW + 3_600_000)
    expect(later.headers['webhook-id']).toBe(first.headers['webhook-id'])
    expect(later.headers['webhook-timestamp']).toBe('1790852820')
    expect(later.headers['webhook-signature']).not.toBe(first.headers['webhook-signature'])
  })
  it('carries one signature for each key while keys are rotated', () => {
    const other = `whsec_${Buffer.alloc(24, 1).toString('base64')}`
    const rotating = standardWebhooksTarget('siem', 'https://hooks.example/', signersOf('siem', `${SECRET}\n${other}`))
    expect(rotating.request(sampleDelivery('siem'), NOW).headers['webhook-signature']).toMatch(/^v1,\S{44} v1,\S{44}$/)
  })
})

describe('the secret', () => {
  it.each([
    ['', 'is empty'],
    ['c2VjcmV0LWNhbmFyeQ==', 'must be whsec_ followed by base64'],
    ['whsec_!!secret-canary', 'must be whsec_ followed by base64'],
    ['whsec_c2VjcmV0LWNhbmFyeQ==', 'must hold 24 to 64 bytes, not 13'],
  ])('%s is a configuration error that does not repeat it', (secret, reason) => {
    expect(() => signersOf('siem', secret)).toThrow(
      expect.objectContaining({ code: 'config_invalid', message: `config: targets.siem.secret: ${reason}` }),
    )
  })
})
