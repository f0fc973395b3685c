/** A day's outage of each target that speaks to people or to a webhook, against its fake. */
import { slackTarget } from '../../connectors/webhook/targets/slack.ts'
import { signersOf, standardWebhooksTarget } from '../../connectors/webhook/targets/standard-webhooks.ts'
import { FakeSlack } from '../fakes/slack.ts'
import { StandardWebhooksReceiver } from '../fakes/standard-webhooks-receiver.ts'
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

/** Slack knows no repeats: who reads the channel tells them by the alert id and revision in the last line. */
outageSuite('slack', async (time) => {
  const slack = await FakeSlack.start()
  slack.rateClock = () => time.nowMs()
  return {
    target: slackTarget('soc', slack.url),
    held: () =>
      slack.messages.map((message) => {
        const [, alertId, revision] = /alert `([0-9a-f]{32})` revision (\d+)/.exec(JSON.stringify(message)) ?? []
        return { alertId: alertId!, revision: Number(revision) }
      }),
    dropsRepeats: false,
    close: () => slack.close(),
  }
})
