/** Configuration: file, then variables, then flags; read as the schema wants them, refused as a whole when one thing is wrong. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assertLoopbackWithoutKeys, isLoopback, loadConfig, splitAddress } from '../../../cli/configuration.ts'
import { AuditdError } from '../../../schemas/errors.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'configuration-'))
})
afterAll(() => rm(folder, { recursive: true }))
async function file(text: string): Promise<string> {
  const path = join(folder, `${Math.random()}.yaml`)
  await writeFile(path, text)
  return path
}
function refusal(load: () => unknown): string {
  try {
    load()
  } catch (error) {
    if (error instanceof AuditdError && error.code === 'config_invalid') return error.message
    throw error
  }
  throw new Error('was accepted')
}

describe('without anything', () => {
  it('listens on loopback, embedded, with bounds', () => {
    expect(loadConfig({})).toMatchObject({
      otlp: '127.0.0.1:4318',
      admin: '127.0.0.1:4319',
      sql: '127.0.0.1:8123',
      credentials: [],
      kafka: { brokers: [], partitions: 6 },
      store: { url: '' },
      limits: { requestBytes: 20 * 1024 * 1024 },
    })
  })
})

describe('variables', () => {
  it('reach nested settings by two underscores, and words by one', () => {
    const settings = loadConfig({
      MCP_AUDITD_OTLP: '127.0.0.1:0',
      MCP_AUDITD_STORE__URL: 'http://127.0.0.1:8123',
      MCP_AUDITD_LIMITS__IN_FLIGHT_BYTES: '1024',
      MCP_AUDITD_RETENTION_DAYS__SECURITY: '7',
    })
    expect(settings.otlp).toBe('127.0.0.1:0')
    expect(settings.store.url).toBe('http://127.0.0.1:8123')
    expect(settings.limits.inFlightBytes).toBe(1024)
    expect(settings.retentionDays).toEqual({ security: 7, activity: 180 })
  })
  it('are read as what the setting is: number, truth, list or text', () => {
    const settings = loadConfig({
      MCP_AUDITD_KAFKA__PARTITIONS: '12',
      MCP_AUDITD_KAFKA__GROUP: '12',
      MCP_AUDITD_STORE__USERNAME: 'true',
      MCP_AUDITD_ALLOW_PRIVATE_TARGETS: 'true',
      MCP_AUDITD_KAFKA__BROKERS: '127.0.0.1:1, 127.0.0.1:2,',
    })
    expect(settings.kafka).toMatchObject({ partitions: 12, group: '12', brokers: ['127.0.0.1:1', '127.0.0.1:2'] })
    expect(settings.store.username).toBe('true')
    expect(settings.allowPrivateTargets).toBe(true)
  })
  it('KAFKA_BROKERS and CLICKHOUSE_URL are understood, and ours win over them', () => {
    const env = { KAFKA_BROKERS: '127.0.0.1:1,127.0.0.1:2', CLICKHOUSE_URL: 'http://a:1' }
    expect(loadConfig(env)).toMatchObject({
      kafka: { brokers: ['127.0.0.1:1', '127.0.0.1:2'] },
      store: { url: 'http://a:1' },
    })
    expect(loadConfig({ ...env, MCP_AUDITD_STORE__URL: 'http://b:1' }).store.url).toBe('http://b:1')
    expect(loadConfig({ KAFKA_BROKERS: '', CLICKHOUSE_URL: '' })).toMatchObject({ kafka: { brokers: [] } })
  })
  it('that are no settings are left alone: failpoint, sabotage, log level, config file', async () => {
    const env = {
      MCP_AUDITD_CONFIG: await file('otlp: 127.0.0.1:1'),
      MCP_AUDITD_FAILPOINT: 'x',
      MCP_AUDITD_SABOTAGE: 'y',
      MCP_AUDITD_LOG_LEVEL: 'debug',
      PATH: '/bin',
    }
    expect(loadConfig(env).otlp).toBe('127.0.0.1:1')
  })
  it('that are unknown are refused by name', () => {
    expect(refusal(() => loadConfig({ MCP_AUDITD_NO_SUCH: '1' }))).toContain('"noSuch"')
    expect(refusal(() => loadConfig({ MCP_AUDITD_STORE__NO_SUCH: '1' }))).toBe(
      'configuration: store: Unrecognized key: "noSuch"',
    )
  })
  it('that cannot be read as the setting are refused with its name, and the value is not repeated', () => {
    for (const [name, value, field] of [
      ['MCP_AUDITD_KAFKA__PARTITIONS', 'hunter2', 'kafka.partitions'],
      ['MCP_AUDITD_KAFKA__PARTITIONS', '0', 'kafka.partitions'],
      ['MCP_AUDITD_KAFKA__PARTITIONS', '1.5', 'kafka.partitions'],
      ['MCP_AUDITD_ALLOW_PRIVATE_TARGETS', 'yes', 'allowPrivateTargets'],
      ['MCP_AUDITD_OTLP', 'hunter2', 'otlp'],
      ['MCP_AUDITD_STORE__PASSWORD', 'hunter2', 'store.password'],
    ] as const) {
      const message = refusal(() => loadConfig({ [name]: value }))
      expect(message).toContain(`configuration: ${field}: `)
      expect(message).not.toContain('hunter2')
    }
  })
  it('never reach the prototype of an object', () => {
    expect(() => loadConfig({ MCP_AUDITD___PROTO____OTLP: '127.0.0.1:1', MCP_AUDITD_CONSTRUCTOR__OTLP: 'x' })).toThrow()
    expect(({} as Record<string, unknown>)['otlp']).toBeUndefined()
  })
})

describe('the file', () => {
  const text = `
otlp: 127.0.0.1:5318
store: { url: "http://file:1", database: audit }
credentials:
  - { keyId: hr, secret: "env:HR_KEY", tenant: acme, servers: [hr] }
targets:
  team: { type: webhook, url: "https://example.com/hook", secret: "env:HOOK" }
rules:
  tok-001-audience-mismatch: { audiences: { hr: ["api://hr"] } }
`
  it('is overridden by variables, and they by flags; a flag that was not given changes nothing', async () => {
    const path = await file(text)
    const env = { MCP_AUDITD_STORE__URL: 'http://env:1', MCP_AUDITD_OTLP: '127.0.0.1:6318' }
    const settings = loadConfig(env, { otlp: '127.0.0.1:7318', admin: undefined, 'store.url': undefined }, path)
    expect(settings).toMatchObject({
      otlp: '127.0.0.1:7318',
      admin: '127.0.0.1:4319',
      store: { url: 'http://env:1', database: 'audit' },
      credentials: [{ keyId: 'hr', role: 'producer' }],
      targets: { team: { minimumSeverity: 'low' } },
      rules: { 'tok-001-audience-mismatch': { audiences: { hr: ['api://hr'] } } },
    })
    expect(loadConfig(env, { 'store.url': '' }, path).store.url).toBe('')
  })
  it('is named by MCP_AUDITD_CONFIG, and the argument wins', async () => {
    const env = { MCP_AUDITD_CONFIG: await file('otlp: 127.0.0.1:1') }
    expect(loadConfig(env).otlp).toBe('127.0.0.1:1')
    expect(loadConfig(env, {}, await file('otlp: 127.0.0.1:2')).otlp).toBe('127.0.0.1:2')
  })
  it('may be empty', async () => {
    expect(loadConfig({}, {}, await file('# nothing\n')).otlp).toBe('127.0.0.1:4318')
  })
  it('is refused by name when it is missing, no YAML, no mapping, or has a wrong field', async () => {
    expect(refusal(() => loadConfig({}, {}, '/no/such/file'))).toContain('/no/such/file: no such file')
    const broken = await file('a: [1')
    expect(refusal(() => loadConfig({}, {}, broken))).toContain('not readable as YAML')
    for (const other of ['text', '[1, 2]', '7']) {
      const path = await file(other)
      const env = { MCP_AUDITD_OTLP: '127.0.0.1:1' }
      expect(refusal(() => loadConfig(env, {}, path))).toContain('must be a mapping')
    }
    const wrong = await file(text.replace('tenant: acme', 'tenat: acme'))
    expect(refusal(() => loadConfig({}, {}, wrong))).toMatch(/^configuration: credentials\.0/)
    const unknown = await file('targets: { a: { type: pigeon } }')
    expect(refusal(() => loadConfig({}, {}, unknown))).toContain('targets.a.type')
  })
  it('never holds a secret itself', async () => {
    const path = await file('targets: { a: { type: slack, url: "https://hooks.example.com/T0/B0/hunter2" } }')
    const message = refusal(() => loadConfig({}, {}, path))
    expect(message).toContain('targets.a.url: must be env:NAME, file:PATH, cmd:PROGRAM ARGUMENTS or a command')
    expect(message).not.toContain('hunter2')
  })
})

describe('without keys', () => {
  const settings = (otlp: string, ...brokers: string[]) => loadConfig({ KAFKA_BROKERS: brokers.join() }, { otlp })
  it('only loopback is spoken to or listened on', () => {
    for (const address of ['127.0.0.1:4318', '127.8.9.10:1', 'localhost:4318', '[::1]:4318'])
      expect(() => assertLoopbackWithoutKeys(settings(address, address))).not.toThrow()
    for (const address of [
      '0.0.0.0:4318',
      '[::]:4318',
      '10.0.0.1:4318',
      'example.com:1',
      '127.0.0.1.example.com:1',
      'localhost.example.com:1',
    ])
      expect(refusal(() => assertLoopbackWithoutKeys(settings(address)))).toContain(
        `credentials: required, because ${address} is not a loopback address`,
      )
    expect(refusal(() => assertLoopbackWithoutKeys(loadConfig({}, { admin: '0.0.0.0:4319' })))).toContain(
      '0.0.0.0:4319',
    )
    expect(refusal(() => assertLoopbackWithoutKeys(settings('127.0.0.1:1', '127.0.0.1:2', 'kafka:9092')))).toContain(
      'kafka:9092',
    )
  })
  it('one key lifts the rule', async () => {
    const path = await file('credentials: [{ keyId: a, secret: "env:A", tenant: t }]')
    expect(() => assertLoopbackWithoutKeys(loadConfig({}, { otlp: '0.0.0.0:4318' }, path))).not.toThrow()
  })
})

describe('addresses', () => {
  it('are taken apart, IPv6 too', () => {
    expect(splitAddress('127.0.0.1:4318')).toEqual({ host: '127.0.0.1', port: 4318 })
    expect(splitAddress('[::1]:0')).toEqual({ host: '::1', port: 0 })
    expect(isLoopback('[::1]:0')).toBe(true)
  })
})
