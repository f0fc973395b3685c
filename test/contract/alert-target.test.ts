/** The contract of AlertTarget, for each target against its fake service. */
import { createSend, withConsole } from '../../connectors/webhook/send.ts'
import { consoleTarget } from '../../connectors/webhook/targets/console.ts'
import { pagerDutyTarget } from '../../connectors/webhook/targets/pagerduty.ts'
import { slackTarget } from '../../connectors/webhook/targets/slack.ts'
import { signersOf, standardWebhooksTarget } from '../../connectors/webhook/targets/standard-webhooks.ts'
import { teamsTarget } from '../../connectors/webhook/targets/teams.ts'
import type { TargetAnswer } from '../../schemas/ports.ts'
import { FakePagerDuty, ROUTING_KEY } from '../fakes/pagerduty.ts'
import { FakeSlack } from '../fakes/slack.ts'
import { StandardWebhooksReceiver } from '../fakes/standard-webhooks-receiver.ts'
import { FakeTeams } from '../fakes/teams.ts'
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

alertTargetContract('teams', async () => {
  const teams = await FakeTeams.start()
  const error = (code: string) => JSON.stringify({ error: { code, message: 'no' } })
  return {
    target: teamsTarget('soc', teams.url),
    taken: () => teams.cards.length,
    http: {
      final: [
        answer(400, error('TriggerInputSchemaMismatch')),
        answer(400),
        answer(413),
        answer(200, 'HTTP error 413'),
      ],
      passing: [
        ...faults,
        answer(200, 'delivery failed with error: HTTP error 429'),
        answer(200, '<html>log in</html>'),
        answer(400, error('WorkflowTriggerIsNotEnabled')),
        answer(401, error('DirectApiAuthorizationRequired')),
        answer(404, error('WorkflowNotFound')),
      ],
    },
    close: () => teams.close(),
  }
})

alertTargetContract('pagerduty', async () => {
  const pagerDuty = await FakePagerDuty.start()
  const invalid = (error: string) => JSON.stringify({ status: 'invalid event', errors: [error] })
  return {
    target: pagerDutyTarget('pager', pagerDuty.url, ROUTING_KEY),
    taken: () => pagerDuty.incidents.length,
    http: {
      final: [answer(400), answer(400, invalid("'payload.summary' is missing or blank")), answer(413)],
      passing: [
        ...faults,
        answer(200, '{"status":"success"}'),
        answer(202, invalid('no')),
        answer(400, invalid('Invalid routing key')),
        answer(403),
        answer(404),
      ],
    },
    close: () => pagerDuty.close(),
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
