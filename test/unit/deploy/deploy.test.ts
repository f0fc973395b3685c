// The deployment files say only what the service understands: commands, flags, settings, topics, ports and images.
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import configureUp from '../../../cli/commands/up.ts'
import { loadConfig } from '../../../cli/configuration.ts'
import { TOPICS } from '../../../schemas/topics.ts'
import { ROOT, readTracked } from '../../repo/sources.ts'

interface Service {
  readonly image?: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string | number>>
  readonly ports?: readonly string[]
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
}
const yamlOf = (path: string) => parse(readTracked(path), { merge: true }) as unknown
const compose = yamlOf('deploy/compose.yaml') as { readonly services: Record<string, Service>; volumes: object }
const ROLE_NAMES = ['collect', 'detect', 'alert', 'jobs']
const roles = ROLE_NAMES.map((name) => [name, compose.services[name]!] as const)
/** What a container gets when the three variables of the first lines are exported. */
const environmentOf = (service: Service): Record<string, string> =>
  Object.fromEntries(
    Object.entries(service.environment ?? {}).map(([name, value]) => [
      name,
      String(value).replace(/\$\{(\w+):\?[^}]*\}/, 'x'.repeat(32)),
    ]),
  )

describe('compose', () => {
  it('has the four roles beside Kafka and ClickHouse', () => {
    expect(Object.keys(compose.services).sort()).toEqual([...ROLE_NAMES, 'clickhouse', 'kafka'].sort())
  })
  it.each(roles)('%s starts with flags that `up` has', (name, { command }) => {
    const up = new Command('up').exitOverride().configureOutput({ writeErr: () => undefined })
    configureUp(up)
    let ran: unknown
    up.action((options: unknown) => {
      ran = options
    })
    up.parse(command!.slice(1), { from: 'user' })
    expect(command![0]).toBe('up')
    expect(ran).toMatchObject({ data: '/data', bus: 'kafka', role: name })
    expect(() => up.parse([...command!.slice(1), '--no-such-flag'], { from: 'user' })).toThrow(/unknown option/)
  })
  it.each(roles)('%s reads settings the service understands', (_, service) => {
    const settings = loadConfig(environmentOf(service), {}, `${ROOT}/deploy/mcp-auditd.yaml`)
    expect(settings).toMatchObject({
      otlp: '0.0.0.0:4318',
      kafka: { brokers: ['kafka:9092'] },
      store: {
        url: 'http://clickhouse:8123',
        username: compose.services['clickhouse']!.environment!['CLICKHOUSE_USER'],
      },
    })
    const signer = settings.credentials.find(({ keyId }) => keyId === settings.collectorKeyId)
    expect(signer?.role).toBe('collector')
  })
  it.each(roles)('%s is given every secret its settings name', (_, service) => {
    const named = [...readTracked('deploy/mcp-auditd.yaml').matchAll(/^[^#\n]*env:(\w+)/gm)].map((match) => match[1])
    expect(named.length).toBeGreaterThan(2)
    expect(named.filter((variable) => !Object.hasOwn(service.environment!, variable!))).toEqual([])
  })
  it('a setting that does not exist is refused, so the test above can fail', () => {
    const env = { ...environmentOf(compose.services['collect']!), MCP_AUDITD_NO_SUCH: '1' }
    expect(() => loadConfig(env, {}, `${ROOT}/deploy/mcp-auditd.yaml`)).toThrow(/noSuch|unrecognized/i)
  })
  it.each(roles)(
    '%s is healthy when /readyz of the admin address says so, after Kafka and ClickHouse',
    (_, service) => {
      const { admin } = loadConfig(environmentOf(service), {}, `${ROOT}/deploy/mcp-auditd.yaml`)
      expect(service.healthcheck!.test.join(' ')).toContain(`http://127.0.0.1:${admin.split(':')[1]}/readyz`)
      expect(Object.values(service.depends_on!).map(({ condition }) => condition)).toEqual([
        'service_healthy',
        'service_healthy',
      ])
    },
  )
  it('opens the OTLP port to this machine only, and nothing else', () => {
    const ports = Object.entries(compose.services).flatMap(([name, { ports = [] }]) =>
      ports.map((port) => `${name} ${port}`),
    )
    expect(ports).toEqual(['collect 127.0.0.1:4318:4318'])
  })
  it('runs the Kafka that the tests run', () => {
    const tested = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([^<]+)</.exec(
      readTracked('deploy/kafka/pom.xml'),
    )![1]
    expect(compose.services['kafka']!.image).toBe(`apache/kafka:${tested}`)
  })
})

describe('Dockerfile', () => {
  const lines = readTracked('deploy/Dockerfile')
  const ignored = readTracked('.dockerignore')
  it('copies every folder the service is made of, and .dockerignore lets them through', () => {
    for (const folder of ['schemas', 'detectors', 'connectors', 'collector', 'cli']) {
      expect(lines).toContain(`COPY ${folder} ${folder}\n`)
      expect(ignored).toContain(`!${folder}\n`)
    }
  })
  it('runs without root, on a Node of the supported line, with the health check of compose', () => {
    expect(lines).toMatch(/^FROM \S*nodejs24-debian\d+:nonroot$/m)
    expect(lines).toContain('http://127.0.0.1:4319/readyz')
    expect(lines).toContain('ENTRYPOINT ["/nodejs/bin/node", "cli/main.ts"]')
  })
})

describe('the Collector sample', () => {
  const sample = yamlOf('deploy/collector/config.yaml') as {
    receivers: { kafka: { logs: { topics: string[]; encoding: string } } }
    service: { pipelines: Record<string, { receivers: string[]; exporters: string[] }> }
    exporters: object
  }
  it('reads the topic of events in the encoding it is written in', () => {
    expect(sample.receivers.kafka.logs).toEqual({ topics: [TOPICS.events.topic], encoding: 'otlp_proto' })
  })
  it('writes no topic of ours, and its pipelines name parts that exist', () => {
    expect(Object.keys(sample.exporters).filter((name) => name.startsWith('kafka'))).toEqual([])
    for (const { receivers, exporters } of Object.values(sample.service.pipelines)) {
      expect(receivers.filter((name) => !Object.hasOwn(sample.receivers, name))).toEqual([])
      expect(exporters.filter((name) => !Object.hasOwn(sample.exporters, name))).toEqual([])
    }
  })
})
