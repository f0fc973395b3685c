/** The Sentinel target under the contract of targets and through a day's outage, against its fake. */
import { clientToken } from '../../connectors/webhook/azure/azure-token.ts'
import { DETECTION_TABLE } from '../../connectors/webhook/azure/sentinel-columns.ts'
import { createSend } from '../../connectors/webhook/send.ts'
import { sentinelTarget } from '../../connectors/webhook/targets/sentinel.ts'
import type { TargetAnswer } from '../../schemas/ports.ts'
import { sampleDelivery } from '../fakes/alerts.ts'
import { AUDIENCE, CLIENT, SECRET, TENANT } from '../fakes/entra.ts'
import { FakeSentinel, RULE_ID } from '../fakes/sentinel.ts'
import { alertTargetContract } from './alert-target.ts'
import { outageSuite } from './target-outage.ts'

const answer = (status: number, body = ''): TargetAnswer => ({ status, headers: {}, body })
const targetOf = (sentinel: FakeSentinel) =>
  sentinelTarget('sentinel', {
    endpoint: sentinel.url,
    ruleId: RULE_ID,
    alertStream: 'Custom-McpDetection_CL',
    eventStream: 'Custom-McpAudit_CL',
    events: true,
    tokens: clientToken(
      { authority: sentinel.entra.url, tenantId: TENANT, clientId: CLIENT, audience: AUDIENCE },
      { secret: SECRET },
    ),
  })

alertTargetContract('sentinel', async () => {
  const nowMs = () => Date.parse('2026-10-01T10:07:00.500Z')
  const sentinel = await FakeSentinel.start(nowMs)
  const target = targetOf(sentinel)
  // The contract gives one answer to every request: what an answer means for rows needs a token that is there already.
  const send = createSend({ allowPrivate: true })
  const { signal } = new AbortController()
  await target.deliver([sampleDelivery('sentinel')], { send: (asked) => send(asked, signal), clock: { nowMs }, signal })
  return {
    target,
    taken: () => sentinel.rows(DETECTION_TABLE).length,
    http: {
      final: [answer(400), answer(400, '{"error":{"code":"InvalidRow"}}'), answer(413)],
      passing: [
        ...[200, 301, 302, 403, 404, 408, 429, 500, 502, 503, 504].map((status) => answer(status)),
        answer(400, '{"error":{"code":"InvalidStream"}}'),
        answer(401),
      ],
    },
    close: () => sentinel.close(),
  }
})

/** Who reads the table takes the last revision, so that what came again after a lost answer counts once. */
outageSuite('sentinel', async (time) => {
  const sentinel = await FakeSentinel.start(() => time.nowMs())
  return {
    target: targetOf(sentinel),
    held: () =>
      sentinel
        .rows(DETECTION_TABLE)
        .map((row) => ({ alertId: String(row['AlertUid']), revision: Number(row['Revision']) })),
    dropsRepeats: false,
    close: () => sentinel.close(),
  }
})
