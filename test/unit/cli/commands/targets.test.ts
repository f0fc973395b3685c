/** `targets`: what is sent to each, shown without a connection and without a secret, and one real test through the real way. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { targetFactories } from '../../../../connectors/webhook/targets/load.ts'
import { FakePagerDuty, ROUTING_KEY } from '../../../fakes/pagerduty.ts'
import { FakeSlack } from '../../../fakes/slack.ts'
import { run } from '../command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'targets-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
function configFile(targets: object, more: object = {}): string {
  const file = join(folder, `${files++}.yaml`)
  writeFileSync(file, JSON.stringify({ targets, ...more }))
  return file
}
interface Line {
  readonly target: string
  readonly type: string
  readonly moment: string
  readonly to: string
  readonly headers: Record<string, string>
  readonly body: string
}
const linesOf = (text: string): Line[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

describe('targets sample', () => {
  it('prints payloads of every type there is, for the whole life of an alert', async () => {
    const { code, stdout } = await run(['targets', 'sample', '--json'])
    expect(code).toBe(0)
    const lines = linesOf(stdout)
    for (const type of (await targetFactories()).keys()) {
      const own = lines.filter((line) => line.type === type)
      const events = ['sentinel', 'splunk', 'elasticsearch', 'file'].includes(type) ? ['event'] : []
      expect(new Set(own.map(({ moment }) => moment)), type).toEqual(
        new Set(['opened', 'acknowledged', 'resolved', 'suppressed', 'grouped', ...events]),
      )
      expect(own.every(({ to, body }) => to !== '' && body !== '')).toBe(true)
    }
  })
  it('prints the body of a configured target byte for byte, and secrets as ***', async () => {
    const config = configFile({
      pager: { type: 'pagerduty', routingKey: 'env:PD_KEY' },
      soc: { type: 'slack', url: 'env:SLACK_URL' },
      siem: { type: 'webhook', url: 'https://siem.example/in', secret: 'env:WHSEC' },
    })
    const env = {
      PD_KEY: 'canarycanarycanarycanarycanary00',
      SLACK_URL: 'https://hooks.slack.com/services/T/B/canary',
      WHSEC: `whsec_${Buffer.from('canary-canary-canary-canary-0000').toString('base64')}`,
    }
    const { stdout } = await run(['targets', 'sample', '--config', config, '--json'], env)
    expect(stdout).not.toMatch(/canary|Y2FuYXJ5/)
    const lines = linesOf(stdout)
    expect([...new Set(lines.map(({ target }) => target))]).toEqual(['pager', 'soc', 'siem'])
    expect(JSON.parse(lines[0]!.body)).toMatchObject({ routing_key: '***', event_action: 'trigger' })
    const signature = lines.find(({ target }) => target === 'siem')!.headers['webhook-signature']
    expect(signature).toBe('***')
    const text = await run(['targets', 'sample', 'soc', '--config', config], env)
    expect(text.stdout).toContain(`# soc (slack): opened\nPOST https://hooks.slack.com/***\n`)
    expect(text.stdout).toContain(`\n${lines.find(({ target }) => target === 'soc')!.body}\n`)
  })
  it('works where the secrets are not', async () => {
    const config = configFile({ pager: { type: 'pagerduty', routingKey: 'env:NOT_SET_HERE' } })
    const { code, stdout } = await run(['targets', 'sample', 'pager', '--config', config, '--json'])
    expect([code, linesOf(stdout).length]).toEqual([0, 5])
  })
  it('names what there is when there is no such target or type', async () => {
    expect(await run(['targets', 'sample', 'smoke'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no such type; there are console, webhook, slack'),
    })
    const config = configFile({ soc: { type: 'slack', url: 'env:SLACK_URL' } })
    expect(await run(['targets', 'sample', 'toString', '--config', config])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no such target; configured are soc'),
    })
  })
})

describe('targets test', () => {
  it('sends one alert that is marked, by the way alerts go, and says how long it took', async () => {
    const pagerDuty = await FakePagerDuty.start()
    const pager = { type: 'pagerduty', routingKey: 'env:PD_KEY', url: pagerDuty.url }
    const config = configFile({ pager, other: { ...pager, routingKey: 'env:NOT_SET' } }, { allowPrivateTargets: true })
    const { code, stdout } = await run(['targets', 'test', 'pager', '--resolve', '--config', config], {
      PD_KEY: ROUTING_KEY,
    })
    expect(stdout).toMatch(/^pager: opened: delivered \(\d+ ms\)\npager: resolved: delivered \(\d+ ms\)\n$/)
    expect(code).toBe(0)
    expect(pagerDuty.incidents.map(({ status }) => status)).toEqual(['resolved'])
    expect(JSON.stringify(pagerDuty.events[0])).toContain('TEST: mcp-auditd tries the target pager; nothing happened')
    await pagerDuty.close()
  })
  it('ends with 1 and the reason when it is not taken, after one try', async () => {
    const slack = await FakeSlack.start()
    slack.state = 'channel_is_archived'
    const config = configFile({ soc: { type: 'slack', url: 'env:URL' } }, { allowPrivateTargets: true })
    const { code, stdout } = await run(['targets', 'test', 'soc', '--json', '--config', config], { URL: slack.url })
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'retry', reason: 'status 410 channel_is_archived' })
    expect(slack.server.received).toHaveLength(1)
    await slack.close()
  })
  it('refuses an address inside, as the service does', async () => {
    const config = configFile({ siem: { type: 'webhook', url: 'https://127.0.0.1/', secret: 'env:WHSEC' } })
    const env = { WHSEC: `whsec_${Buffer.alloc(32).toString('base64')}` }
    expect(await run(['targets', 'test', 'siem', '--config', config], env)).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('targets.siem.url: loopback address'),
    })
  })
})

describe('targets list', () => {
  it('shows settings and no secret', async () => {
    const config = configFile({
      screen: { type: 'console' },
      soc: {
        ...{ type: 'slack', url: 'env:URL', minimumSeverity: 'high', redact: ['principal', 'saw'] },
        filter: { rules: ['tok-*'], except: ['tok-007-long-lived-token'] },
      },
    })
    const env = { URL: 'https://hooks.slack.com/services/T/B/canary' }
    const { stdout } = await run(['targets', 'list', '--config', config], env)
    expect(stdout).toBe(
      [
        'screen  console  standard output',
        '  from info',
        'soc  slack  POST https://hooks.slack.com/***',
        '  from high, at most 20 messages in 60000 ms',
        '  rules: tok-*',
        '  except: tok-007-long-lived-token',
        '  left out: principal, saw',
        '',
      ].join('\n'),
    )
  })
})
