/** The Standard Webhooks request, exactly, and its secret. */
import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { signersOf, standardWebhooksTarget } from '../../../../../connectors/webhook/targets/standard-webhooks.ts'
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
      type: 'alert.raised',
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
