/** A day's outage of each target that speaks to people or to a webhook, against its fake. */
import { expect } from 'vitest'
import { pagerDutyTarget } from '../../connectors/webhook/targets/pagerduty.ts'
import { slackTarget } from '../../connectors/webhook/targets/slack.ts'
import { signersOf, standardWebhooksTarget } from '../../connectors/webhook/targets/standard-webhooks.ts'
import { teamsTarget } from '../../connectors/webhook/targets/teams.ts'
import { FakePagerDuty, ROUTING_KEY } from '../fakes/pagerduty.ts'
import { FakeSlack } from '../fakes/slack.ts'
import { StandardWebhooksReceiver } from '../fakes/standard-webhooks-receiver.ts'
import { FakeTeams, textsOf } from '../fakes/teams.ts'
import { type Held, outageSuite } from './target-outage.ts'

outageSuite('standard-webhooks', async (time) => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
  const receiver = await StandardWebhooksReceiver.start({ secret, nowMs: () => time.nowMs() })
  return {
    target: standardWebhooksTarget('siem', receiver.url, signersOf('siem', secret)),
    held: () => receiver.taken.map(({ payload }) => payload.data as unknown as Held),
    dropsRepeats: true,
    close: () => receiver.close(),
  }
})

/** Neither chat knows repeats: who reads the channel tells them by the alert id and revision in the last line. */
outageSuite('slack', async (time) => {
  const slack = await FakeSlack.start()
  slack.rateClock = () => time.nowMs()
  return {
    target: slackTarget('soc', slack.url),
    held: () => slack.messages.map((message) => uidIn(JSON.stringify(message))),
    dropsRepeats: false,
    close: () => slack.close(),
  }
})
outageSuite('teams', async (time) => {
  const teams = await FakeTeams.start()
  teams.rateClock = () => time.nowMs()
  return {
    target: teamsTarget('soc', teams.url),
    held: () => teams.cards.map((card) => uidIn(textsOf(card).plain.at(-1)!)),
    dropsRepeats: false,
    close: () => teams.close(),
  }
})
function uidIn(text: string): Held {
  const [, alertId, revision] = /alert `?([0-9a-f]{32})`? revision (\d+)/.exec(text) ?? []
  return { alertId: alertId!, revision: Number(revision) }
}

/** A repeat is one more line in the log of the same incident, which wakes nobody: each alert is one incident, whatever was lost. */
outageSuite('pagerduty', async (time) => {
  const pagerDuty = await FakePagerDuty.start()
  pagerDuty.rate = { clock: () => time.nowMs(), perMinute: 120 }
  return {
    target: pagerDutyTarget('pager', pagerDuty.url, ROUTING_KEY),
    held() {
      expect(new Set(pagerDuty.incidents.map(({ dedupKey }) => dedupKey)).size).toBe(pagerDuty.incidents.length)
      expect(pagerDuty.dropped).toEqual([])
      return pagerDuty.events.map((event) => {
        const { custom_details: details } = event['payload'] as { custom_details: { revision: number } }
        return { alertId: String(event['dedup_key']), revision: details.revision }
      })
    },
    dropsRepeats: false,
    close: () => pagerDuty.close(),
  }
})
