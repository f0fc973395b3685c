/** A day's outage of each target that programs read, against its fake. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { elasticsearchTarget } from '../../connectors/webhook/targets/elasticsearch.ts'
import { fileTarget } from '../../connectors/webhook/targets/file.ts'
import { kafkaTarget } from '../../connectors/webhook/targets/kafka.ts'
import { splunkTarget } from '../../connectors/webhook/targets/splunk.ts'
import { syslogTarget } from '../../connectors/webhook/targets/syslog.ts'
import { API_KEY, FakeElasticsearch } from '../fakes/elasticsearch.ts'
import { FailingDisk } from '../fakes/failing-disk.ts'
import { FakeKafkaDriver } from '../fakes/kafka-driver.ts'
import { FakeSplunk, TOKEN } from '../fakes/splunk.ts'
import { FakeSyslog } from '../fakes/syslog.ts'
import { type Held, outageSuite } from './target-outage.ts'

/** The id that we send, `alertId-revision`, as a reader tells repeats by it. */
const heldOf = (uid: string): Held => ({ alertId: uid.slice(0, 32), revision: Number(uid.slice(33)) })

outageSuite('splunk', async (time) => {
  const splunk = await FakeSplunk.start()
  splunk.useAck = true
  const names = { index: 'mcp', source: 'mcp-auditd', sourcetype: 'mcp:audit' }
  return {
    target: splunkTarget('splunk', {
      ...names,
      url: splunk.url,
      token: TOKEN,
      acknowledged: true,
      events: false,
      sleep: time.sleep,
    }),
    held: () => splunk.indexed.map(({ uid }) => heldOf(uid)),
    dropsRepeats: false,
    close: () => splunk.close(),
  }
})

outageSuite('elasticsearch', async () => {
  const fake = await FakeElasticsearch.start()
  const names = { index: 'mcp-audit-alerts', eventIndex: 'mcp-audit-events', form: 'ecs', events: false } as const
  return {
    target: elasticsearchTarget('elastic', { ...names, url: fake.url, authorization: `ApiKey ${API_KEY}` }),
    held: () => fake.order.map(heldOf),
    dropsRepeats: true,
    close: () => fake.close(),
  }
})

outageSuite('file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-auditd-outage-'))
  const path = join(folder, 'alerts.jsonl')
  const disk = new FailingDisk()
  const target = fileTarget('file', {
    path,
    rotateBytes: 1e9,
    keep: 1,
    form: 'alert',
    events: false,
    open: disk.open,
  })
  const lines = () => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [])
  return {
    target,
    outages: ['error', 'lost'],
    fail: (outage) => {
      disk.fault = outage === 'error' ? 'full' : outage === 'lost' ? 'sync' : undefined
    },
    held: () => lines().map((line) => heldOf((JSON.parse(line) as { uid: string }).uid)),
    // What the disk did not keep for certain is cut off again.
    dropsRepeats: true,
    close: async () => {
      await target.close?.()
      rmSync(folder, { recursive: true })
    },
  }
})

outageSuite('syslog', async () => {
  const fake = await FakeSyslog.start()
  const to = { host: 'localhost', port: fake.port, tls: true, ca: fake.ca.cert, allowPrivate: true }
  return {
    target: syslogTarget('syslog', {
      facility: 13,
      format: 'cef',
      hostname: 'audit',
      to: { ...to, graceMs: 5 },
    }),
    // A receiver that never closes costs its deadline in real time: the tests of the target have it.
    outages: ['refused', 'error', 'lost'],
    fail: (outage) => {
      const faults = { refused: 'refuse', error: 'reset', lost: 'read-then-reset' } as const
      fake.fault = outage === undefined ? undefined : faults[outage as keyof typeof faults]
    },
    held: () => fake.messages.map(({ uid }) => heldOf(uid)),
    dropsRepeats: false,
    close: () => fake.close(),
  }
})

outageSuite('kafka', async () => {
  const driver = new FakeKafkaDriver({ alerts: 3 })
  return {
    target: kafkaTarget('kafka', { topic: 'alerts', form: 'alert', brokers: [], driver: () => driver }),
    outages: ['refused', 'error', 'unauthorized', 'lost'],
    fail: (outage) => {
      const faults = { refused: 'unavailable', error: 'timeout', unauthorized: 'denied', lost: 'lost' } as const
      driver.fault = outage === undefined ? undefined : faults[outage as keyof typeof faults]
    },
    held: () => driver.records('alerts').map(({ headers }) => heldOf(headers['mcp-audit-uid']!)),
    dropsRepeats: false,
    close: async () => undefined,
  }
})
