/** The demo from start to end: bus, service, stage, alerts, three answers, and the comparison with what the scenarios list. */
import type { Alert } from '../../schemas/alert.ts'
import { loadConfig } from '../configuration.ts'
import { isFree } from '../doctor/listeners.ts'
import { ROLES, type Service, startService } from '../service.ts'
import { stopOnSignal } from '../signals.ts'
import { type DemoBus, openDemoBus } from './bus.ts'
import { loadScenarios } from './scenario.ts'
import { jsonScreen, type Screen, textScreen } from './screen.ts'
import { type ExpectedAlert, Stage } from './stage.ts'
import { playTraffic, recordingBus } from './traffic-file.ts'

export interface DemoOptions {
  readonly once?: boolean
  readonly json?: boolean
  readonly bus: 'embedded' | 'kafka'
  readonly record?: string
  readonly traffic?: string
}

/** Questions a SOC analyst asks first, each one query. */
const QUESTIONS = [
  [
    'Who called which tool, and how did it end?',
    'SELECT server_id, tool_name, substring(principal_key, 1, 8) AS principal, outcome, count() AS calls FROM calls GROUP BY ALL ORDER BY calls DESC LIMIT 10',
  ],
  [
    'Which calls ran under which version of a definition?',
    "SELECT server_id, tool_name, substring(definition_hash, 1, 12) AS definition, count() AS calls, min(event_time) AS first, max(event_time) AS last FROM calls WHERE definition_hash != '' GROUP BY ALL ORDER BY server_id, tool_name, first LIMIT 12",
  ],
  [
    'Which tokens were accepted although they were made for somebody else?',
    "SELECT event_time, server_id, substring(principal_key, 1, 8) AS principal, aud, expected_aud FROM auth WHERE decision = 'allow' AND event_id IN (SELECT event_id FROM findings WHERE rule = 'tok-001-audience-mismatch') ORDER BY event_time LIMIT 5",
  ],
] as const

/** True when the alerts are exactly the listed ones (always for recorded traffic, whose list is not known). */
export async function runDemo(options: DemoOptions, dataDir: string): Promise<boolean> {
  const startedMs = performance.now()
  const screen = options.json ? jsonScreen : textScreen
  const bus = await openDemoBus(options.bus, screen)
  const alerts: Alert[] = []
  const serves = options.once !== true
  const flags = await addresses(serves)
  const service = await startService({
    settings: loadConfig(process.env, {
      'limits.snapshotEveryMs': 1000,
      // Scenarios share people and servers: what they add up to says nothing.
      'risk.enabled': false,
      targets: {},
      ...flags,
      ...bus.flags,
    }),
    dataDir,
    bus: options.bus,
    roles: ROLES,
    logLevel: process.env['MCP_AUDITD_LOG_LEVEL'] ?? 'error',
    onAlert: (alert) => {
      alerts.push(alert)
      screen.alert(alert)
    },
    ...(options.record === undefined ? {} : { wrapBus: (inner) => recordingBus(inner, options.record!) }),
  })
  try {
    const played =
      options.traffic === undefined
        ? await playScenarios(service, options, bus, screen)
        : await playFile(service, options.traffic, screen)
    await service.settled()
    // What the service told of its alerts meanwhile is in the log too.
    await service.settled()
    if (!options.json) await answerQuestions(service, screen)
    const { calls, events: held, own, findings, alerts: alertCount, unique } = await counted(service)
    const events = acknowledged(service, options) - (isOverOtlp(options) ? 0 : own)
    const stored = held - own
    const seconds = Math.round(performance.now() - startedMs) / 1000
    screen.summary({ sent: played.sent, events, stored, findings, alerts: alertCount, seconds })
    const exact = stored === events && calls === played.sent && unique
    if (!exact)
      process.stderr.write(
        `demo: ${played.sent} calls sent, ${calls} recorded; ${events} events acknowledged, ${stored} stored; ids ${unique ? '' : 'not '}unique\n`,
      )
    const complete = report(alerts, played.expected, screen) && exact
    if (serves) {
      screen.say(
        `\nThe service goes on: send OTLP to ${service.otlpUrl}, metrics at ${service.adminUrl}/metrics,\nask with  npm run --silent mcp-auditd -- query 'SELECT * FROM alerts' --data ${dataDir}\nCtrl-C ends it.`,
      )
      await stopOnSignal(async () => {})
    }
    return complete
  } finally {
    await service.stop()
    await bus.close()
  }
}

/** The usual addresses for a demo that stays; free ones for a short run, or when something else holds them. */
async function addresses(serves: boolean): Promise<Readonly<Record<string, string>>> {
  const { otlp, admin, sql } = loadConfig(process.env)
  const free = async (address: string): Promise<string> => (serves && (await isFree(address)) ? address : '127.0.0.1:0')
  return { otlp: await free(otlp), admin: await free(admin), sql: serves ? sql : 'off' }
}

interface Played {
  readonly sent: number
  readonly expected: readonly ExpectedAlert[] | undefined
}
async function playScenarios(service: Service, options: DemoOptions, bus: DemoBus, screen: Screen): Promise<Played> {
  const stage = await Stage.open(
    options.bus === 'kafka'
      ? { kind: 'kafka', brokers: bus.brokers, topic: bus.topic }
      : { kind: 'otlp', url: service.otlpUrl },
  )
  try {
    await stage.run(await loadScenarios(), (progress) => screen.progress(progress))
  } finally {
    await stage.close()
  }
  return { sent: stage.sent, expected: stage.expected }
}
async function playFile(service: Service, file: string, screen: Screen): Promise<Played> {
  screen.say(`Playing ${file} …`)
  const { calls } = await playTraffic(file, service.bus)
  return { sent: calls, expected: undefined }
}

/** Over OTLP the receiver counts what it acknowledged; straight on Kafka (and for played files) the log is the acknowledgement. */
const acknowledged = (service: Service, options: DemoOptions): number =>
  isOverOtlp(options)
    ? service.telemetry.total('mcp_auditd_events_accepted_total')
    : service.telemetry.total('mcp_auditd_events_detected_total')

const isOverOtlp = ({ bus, traffic }: DemoOptions): boolean => bus === 'embedded' && traffic === undefined

/** What the store holds, and how much of it the service told of itself; `unique`: no request and no event stands in it twice. */
async function counted(
  service: Service,
): Promise<{ calls: number; events: number; own: number; findings: number; alerts: number; unique: boolean }> {
  const sql =
    "SELECT (SELECT count() FROM calls), (SELECT uniqExact(request_uid) FROM calls), (SELECT count() FROM events), (SELECT uniqExact(event_id) FROM events), (SELECT count() FROM events WHERE server_id = 'mcp-auditd'), (SELECT count() FROM findings), (SELECT count() FROM alerts)"
  const answer = await service.store.query(sql, { format: 'TSV' })
  const [calls = 0, requests = 0, events = 0, ids = 0, own = 0, findings = 0, alerts = 0] = answer
    .trim()
    .split('\t')
    .map(Number)
  return { calls, events, own, findings, alerts, unique: calls === requests && events === ids }
}

async function answerQuestions(service: Service, screen: Screen): Promise<void> {
  for (const [question, sql] of QUESTIONS)
    screen.answer(question, sql, await service.store.query(sql, { format: 'PrettyCompactMonoBlock' }))
}

function report(alerts: readonly Alert[], expected: readonly ExpectedAlert[] | undefined, screen: Screen): boolean {
  if (expected === undefined) return true
  const key = ({ rule, entity }: { rule: string; entity: string }): string => `${rule} ${entity}`
  const wanted = new Set(expected.map(key))
  const came = new Set(alerts.map(key))
  const missing = [...wanted].filter((one) => !came.has(one))
  const surplus = [...came].filter((one) => !wanted.has(one))
  for (const one of missing) process.stderr.write(`demo: expected but not raised: ${one}\n`)
  for (const one of surplus) process.stderr.write(`demo: raised but not expected: ${one}\n`)
  if (missing.length + surplus.length === 0)
    screen.say(`\nExactly the ${wanted.size} alerts that the scenarios list; every near miss stayed silent.`)
  return missing.length + surplus.length === 0
}
