/** The contract of AlertTarget, for each target against its fake service. */
import { createSend, withConsole } from '../../connectors/webhook/send.ts'
import { consoleTarget } from '../../connectors/webhook/targets/console.ts'
import { elasticsearchTarget } from '../../connectors/webhook/targets/elasticsearch.ts'
import { slackTarget } from '../../connectors/webhook/targets/slack.ts'
import { splunkTarget } from '../../connectors/webhook/targets/splunk.ts'
import { signersOf, standardWebhooksTarget } from '../../connectors/webhook/targets/standard-webhooks.ts'
import type { TargetAnswer } from '../../schemas/ports.ts'
import { API_KEY, FakeElasticsearch } from '../fakes/elasticsearch.ts'
import { FakeSlack } from '../fakes/slack.ts'
import { FakeSplunk, TOKEN } from '../fakes/splunk.ts'
import { StandardWebhooksReceiver } from '../fakes/standard-webhooks-receiver.ts'
import { alertTargetContract } from './alert-target.ts'

const post = createSend({ allowPrivate: true })
const answer = (status: number, body = ''): TargetAnswer => ({ status, headers: {}, body })
const faults = [answer(301), answer(302), answer(408), answer(429), answer(500), answer(502), answer(503), answer(504)]

alertTargetContract('slack', async () => {
  const slack = await FakeSlack.start()
  return {
    target: slackTarget('soc', slack.url),
    taken: () => slack.messages.length,
    http: {
      final: [answer(400, 'invalid_blocks'), answer(400, 'invalid_payload'), answer(400, 'no_text'), answer(413)],
      passing: [
        ...faults,
        answer(200, '<html>log in</html>'),
        answer(200, ''),
        answer(404, 'no_service'),
        answer(403, 'invalid_token'),
        answer(410, 'channel_is_archived'),
      ],
    },
    close: () => slack.close(),
  }
})

alertTargetContract('standard-webhooks', async () => {
  const nowMs = () => Date.parse('2026-10-01T10:07:00Z')
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
  const receiver = await StandardWebhooksReceiver.start({ secret, nowMs })
  return {
    target: standardWebhooksTarget('siem', receiver.url, signersOf('siem', secret)),
    taken: () => receiver.taken.length,
    http: { final: [answer(410), answer(413)], passing: [...faults, answer(400), answer(401), answer(404)] },
    close: () => receiver.close(),
  }
})

alertTargetContract('console', async () => {
  const written: string[] = []
  const send = withConsole(post, (text) => void written.push(text))
  return {
    target: consoleTarget('console'),
    taken: () => written.length,
    send,
    http: { final: [], passing: [answer(500)] },
    close: async () => undefined,
  }
})

alertTargetContract('splunk', async () => {
  const splunk = await FakeSplunk.start()
  splunk.useAck = true
  const names = { index: 'mcp', source: 'mcp-auditd', sourcetype: 'mcp:audit' }
  return {
    target: splunkTarget('splunk', { ...names, url: splunk.url, token: TOKEN, acknowledged: true, events: false }),
    taken: () => splunk.uids.size,
    http: {
      final: [answer(413), answer(400, '{"code":6,"invalid-event-number":0}'), answer(400, '{"code":15}')],
      passing: [
        ...faults,
        answer(200),
        answer(200, '{"code":6}'),
        answer(200, '{"code":0}'),
        answer(400, '{"code":7,"invalid-event-number":1}'),
        answer(400, '{"code":10}'),
        answer(401, '{"code":2}'),
        answer(403, '{"code":4}'),
        answer(404),
      ],
    },
    close: () => splunk.close(),
  }
})

alertTargetContract('elasticsearch', async () => {
  const fake = await FakeElasticsearch.start()
  const names = { index: 'mcp-audit-alerts', eventIndex: 'mcp-audit-events', form: 'ecs', events: false } as const
  return {
    target: elasticsearchTarget('elastic', { ...names, url: fake.url, authorization: `ApiKey ${API_KEY}` }),
    taken: () => fake.documents.size,
    http: {
      final: [
        answer(413),
        answer(400, '{"error":{"type":"illegal_argument_exception"}}'),
        answer(200, '{"items":[{"create":{"status":400,"error":{"type":"document_parsing_exception"}}}]}'),
      ],
      passing: [
        ...faults,
        answer(200),
        answer(200, '{"items":[]}'),
        answer(200, '{"items":[{"create":{"status":429}}]}'),
        answer(200, '{"items":[{"create":{"status":503}}]}'),
        answer(400, '<html>bad request</html>'),
        answer(401),
        answer(403),
        answer(404),
      ],
    },
    close: () => fake.close(),
  }
})
