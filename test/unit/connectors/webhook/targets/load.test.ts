/** Targets are found by file and built from configuration; a mistake names its field and never its value. */
import { describe, expect, it } from 'vitest'
import { loadTargets, targetFactories } from '../../../../../connectors/webhook/targets/load.ts'
import { config } from '../../../../../schemas/config.ts'
import { targetConfig } from '../../../../../schemas/target-config.ts'

const WHSEC = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const secrets: Record<string, string> = {
  'env:WHSEC': WHSEC,
  'env:SLACK': 'https://hooks.slack.com/services/T/B/secret-canary\n',
  'env:INSIDE': 'https://169.254.169.254/secret-canary',
  'env:NOT_URL': 'secret-canary',
  'env:KEY': 'R0123456789abcdefghijklmnopqrstu\n',
}
const settings = { secret: async (reference: unknown) => secrets[String(reference)] ?? '', allowPrivate: false }
const load = (targets: object) => loadTargets(config.parse({ targets }).targets, settings)

describe('loadTargets', () => {
  it('builds every configured target with its name and minimum severity', async () => {
    const loaded = await load({
      screen: { type: 'console' },
      siem: { type: 'webhook', url: 'https://siem.example/hook', secret: 'env:WHSEC', minimumSeverity: 'high' },
      soc: { type: 'slack', url: 'env:SLACK' },
      channel: { type: 'teams', url: 'env:SLACK' },
      pager: { type: 'pagerduty', routingKey: 'env:KEY', url: 'https://events.eu.pagerduty.com/v2/enqueue' },
    })
    expect(loaded.map(({ target, minimumSeverity }) => [target.name, minimumSeverity])).toEqual([
      ['screen', 'info'],
      ['siem', 'high'],
      ['soc', 'medium'],
      ['channel', 'medium'],
      ['pager', 'high'],
    ])
  })
  it('has a file for every type that the configuration knows, and for no other', async () => {
    const types: readonly string[] = targetConfig.options.map(({ shape }) => shape.type.value)
    expect([...(await targetFactories()).keys()].sort()).toEqual(types.toSorted())
  })
  it.each([
    [{ x: { type: 'slack', url: 'env:INSIDE' } }, 'config: targets.x.url: linkLocal address'],
    [{ x: { type: 'teams', url: 'env:INSIDE' } }, 'config: targets.x.url: linkLocal address'],
    [
      { x: { type: 'pagerduty', routingKey: 'env:NOT_URL' } },
      'config: targets.x.routingKey: must be the 32 letters and digits of an integration key',
    ],
    [{ x: { type: 'slack', url: 'env:NOT_URL' } }, 'config: targets.x.url: is not a URL'],
    [
      { x: { type: 'webhook', url: 'http://siem.example/', secret: 'env:WHSEC' } },
      'config: targets.x.url: must be https',
    ],
    [{ x: { type: 'webhook', url: 'https://127.1/', secret: 'env:WHSEC' } }, 'config: targets.x.url: loopback address'],
    [
      { x: { type: 'webhook', url: 'https://siem.example/', secret: 'env:NOT_URL' } },
      'config: targets.x.secret: must be whsec_ followed by base64',
    ],
  ])('a mistake is a configuration error: %j', async (targets, message) => {
    const error: unknown = await load(targets).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'config_invalid', message })
    expect(String(error)).not.toContain('secret-canary')
  })
})
