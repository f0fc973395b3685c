/** The contract of AlertTarget, for each target that programs read, against its fake service. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { elasticsearchTarget } from '../../connectors/webhook/targets/elasticsearch.ts'
import { fileTarget } from '../../connectors/webhook/targets/file.ts'
import { kafkaTarget } from '../../connectors/webhook/targets/kafka.ts'
import { splunkTarget } from '../../connectors/webhook/targets/splunk.ts'
import { syslogTarget } from '../../connectors/webhook/targets/syslog.ts'
import type { TargetAnswer } from '../../schemas/ports.ts'
import { API_KEY, FakeElasticsearch } from '../fakes/elasticsearch.ts'
import { FakeKafkaDriver } from '../fakes/kafka-driver.ts'
import { FakeSplunk, TOKEN } from '../fakes/splunk.ts'
import { FakeSyslog } from '../fakes/syslog.ts'
import { alertTargetContract } from './alert-target.ts'

const answer = (status: number, body = ''): TargetAnswer => ({ status, headers: {}, body })
const faults = [answer(301), answer(302), answer(408), answer(429), answer(500), answer(502), answer(503), answer(504)]

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
        answer(200, '{"items":[{"create":{"status":400,"error":{"type":"invalid_index_name_exception"}}}]}'),
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

alertTargetContract('file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-auditd-contract-'))
  const path = join(folder, 'alerts.jsonl')
  writeFileSync(path, '')
  const target = fileTarget('file', { path, rotateBytes: 100_000_000, keep: 1, form: 'ocsf', events: false })
  return {
    target,
    taken: () => readFileSync(path, 'utf8').split('\n').length - 1,
    close: async () => {
      await target.close?.()
      rmSync(folder, { recursive: true })
    },
  }
})

alertTargetContract('syslog', async () => {
  const fake = await FakeSyslog.start()
  const to = { host: 'localhost', port: fake.port, tls: true, ca: fake.ca.cert, allowPrivate: true, graceMs: 20 }
  return {
    target: syslogTarget('syslog', { facility: 13, format: 'cef', hostname: 'audit', to }),
    taken: () => fake.uids.size,
    close: () => fake.close(),
  }
})

alertTargetContract('kafka', async () => {
  const driver = new FakeKafkaDriver({ alerts: 3 })
  return {
    target: kafkaTarget('kafka', { topic: 'alerts', form: 'alert', brokers: ['k:9092'], driver: () => driver }),
    taken: () => driver.records('alerts').length,
    close: async () => undefined,
  }
})
