/** A collector's answer can ask for more of a tool, from a server that agreed, and for nothing else. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { CapturePolicy } from '../../../../../collector/instrument/content/capture-policy.ts'
import { evidenceAsked, giveEvidence } from '../../../../../collector/instrument/content/evidence-requests.ts'
import { pendingEvent } from '../../../../../collector/instrument/delivery/pending-event.ts'
import { createSink, OtlpAuditExporter } from '../../../../../collector/instrument/index.ts'
import { EVIDENCE_HEADER } from '../../../../../schemas/evidence.ts'

const header = (...requests: object[]) => encodeURIComponent(JSON.stringify(requests))
const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})
function server(serverId: string, maxMs = 60_000) {
  const policy = new CapturePolicy([])
  ends.push(giveEvidence(serverId, policy, maxMs))
  return policy
}

it('the tool of the named server is under evidence, no other', () => {
  const orders = server('orders')
  const billing = server('billing')
  evidenceAsked(header({ serverId: 'orders', toolName: 'search', lastingMs: 1_000 }))
  expect([orders.of('search', 'q'), orders.of('other', 'q'), billing.of('search', 'q')]).toEqual([
    'redacted',
    'hash',
    'hash',
  ])
})
it('who stopped listening is not reached', () => {
  const policy = new CapturePolicy([])
  giveEvidence('orders', policy, 60_000)()
  evidenceAsked(header({ serverId: 'orders', toolName: 'search', lastingMs: 1_000 }))
  expect(policy.hasEvidence).toBe(false)
})
it.each([
  ['no JSON', '%7B'],
  ['a broken encoding', '%E0%A4%A'],
  ['no list', encodeURIComponent('{"serverId":"orders"}')],
  ['a negative time', header({ serverId: 'orders', toolName: 'search', lastingMs: -1 })],
  ['a year', header({ serverId: 'orders', toolName: 'search', lastingMs: 3e10 })],
  ['too many', header(...Array.from({ length: 17 }, () => ({ serverId: 'orders', toolName: 's', lastingMs: 1 })))],
  ['nothing', undefined],
])('%s asks for nothing', (_, value) => {
  const policy = server('orders')
  evidenceAsked(value)
  expect(policy.hasEvidence).toBe(false)
})
it('the answer to an export carries it', async () => {
  const policy = server('orders')
  const asked = header({ serverId: 'orders', toolName: 'search', lastingMs: 30_000 })
  const collector = createServer((incoming, answer) => {
    incoming.resume().on('end', () => answer.writeHead(200, { [EVIDENCE_HEADER]: asked }).end())
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  const sink = createSink(new OtlpAuditExporter({ url }), { delayMs: 1 })
  sink.emit(
    pendingEvent({ serverId: 'orders', producerId: '00', integrationVersion: 'x' } as never, {
      eventType: 'server.heartbeat',
    }),
  )
  await sink.shutdown()
  collector.close()
  expect(policy.of('search', 'q')).toBe('redacted')
})
