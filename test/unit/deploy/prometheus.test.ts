// The metrics that dashboards and alert rules name are those of the service, with labels that they carry.
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadConfig } from '../../../cli/configuration.ts'
import { COUNTERS, GAUGES } from '../../../schemas/telemetry.ts'
import { dashboards } from '../../grafana-macros.ts'
import { ROOT, readTracked } from '../../repo/sources.ts'

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly annotations: { readonly summary: string; readonly description: string }
}
const METRICS: Readonly<Record<string, string>> = { ...COUNTERS, ...GAUGES }
/** Prometheus adds these to what it scrapes. */
const SCRAPED = ['instance', 'job']
const labelsOf = (metric: string): string[] => [
  ...SCRAPED,
  ...(/Labels: (.*)\.$/.exec(METRICS[metric] ?? '')?.[1]?.split(', ') ?? []),
]
const { groups } = parse(readTracked('deploy/prometheus/alerts.yaml')) as {
  groups: readonly { rules: readonly Rule[] }[]
}
const rules = groups.flatMap((group) => group.rules)
const panels = dashboards(join(ROOT, 'deploy/grafana/dashboards')).flatMap(([, dashboard]) =>
  dashboard.panels.flatMap(({ title, targets }) =>
    targets.flatMap(({ expr }) => (expr === undefined ? [] : [[title, expr] as const])),
  ),
)
const expressions = [...rules.map(({ alert, expr }) => [alert, expr] as const), ...panels]

/** What is wrong with an expression: metrics that do not exist, labels a metric does not carry, brackets, counters without a rate. */
function faults(expr: string): string[] {
  const metrics = [...expr.matchAll(/\bmcp_auditd_\w+/g)].map((match) => match[0])
  const unknown = metrics.filter((metric) => !(metric in METRICS)).map((metric) => `no metric ${metric}`)
  const known = new Set([...SCRAPED, ...metrics.flatMap(labelsOf)])
  const selected = [...expr.matchAll(/(mcp_auditd_\w+)\{([^}]*)\}/g)].flatMap(([, metric, selectors]) =>
    [...selectors!.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)]
      .filter(([, label]) => !labelsOf(metric!).includes(label!))
      .map(([, label]) => `${metric} has no label ${label}`),
  )
  const grouped = [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)]
    .flatMap((match) => match[1]!.split(',').map((label) => label.trim()))
    .filter((label) => !known.has(label))
    .map((label) => `nothing has a label ${label}`)
  const bare = metrics
    .filter((metric) => metric in COUNTERS && !expr.includes(`(${metric}`))
    .map((metric) => `${metric} only rises`)
  const open =
    [...expr].filter((char) => '([{'.includes(char)).length - [...expr].filter((char) => ')]}'.includes(char)).length
  return [...unknown, ...selected, ...grouped, ...bare, ...(open === 0 ? [] : ['a bracket is not closed'])]
}

describe('expressions', () => {
  it.each(expressions)('%s asks for metrics and labels there are', (_, expr) => {
    expect(faults(expr)).toEqual([])
  })
  it('are found wrong when they are', () => {
    expect(faults('sum by (nope) (rate(mcp_auditd_events_rejected_total{why="x"}[5m])) > mcp_auditd_gone(')).toEqual([
      'no metric mcp_auditd_gone',
      'mcp_auditd_events_rejected_total has no label why',
      'nothing has a label nope',
      'a bracket is not closed',
    ])
    expect(faults('mcp_auditd_events_stored_total > 1')).toEqual(['mcp_auditd_events_stored_total only rises'])
  })
  it('watch lag, dead letters, inserts, deliveries, rules and silence', () => {
    const watched = rules.map(({ expr }) => expr).join('\n')
    for (const metric of [
      ...['mcp_auditd_lag_events', 'mcp_auditd_events_rejected_total', 'mcp_auditd_store_inserts_total'],
      ...['mcp_auditd_target_failing_since_ms', 'mcp_auditd_rule_errors_total', 'mcp_auditd_events_received_total'],
      ...['mcp_auditd_job_runs_total', 'mcp_auditd_jobs_leader', 'mcp_auditd_spool_bytes'],
    ])
      expect(watched).toContain(metric)
  })
})

it('every alert rule says what is wrong and what to do, with labels its expression keeps', () => {
  for (const { alert, expr, annotations } of rules) {
    expect(alert).toMatch(/^McpAuditd[A-Z]/)
    expect(annotations.description.length).toBeGreaterThan(20)
    const shown = [...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map((match) => match[1]!)
    const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap((match) => match[1]!.split(', '))
    // An expression that adds nothing up keeps what its metric carries.
    const metrics = [...expr.matchAll(/\bmcp_auditd_\w+/g)].map((match) => match[0])
    const whole = /\b(sum|max|min|count)\b/.test(expr) ? [] : metrics.flatMap(labelsOf)
    const kept = [...SCRAPED, ...grouped, ...whole]
    expect(
      shown.filter((label) => !kept.includes(label)),
      alert,
    ).toEqual([])
  }
})

it('is scraped at the admin address', () => {
  const { scrape_configs } = parse(readTracked('deploy/prometheus/scrape.yaml')) as {
    scrape_configs: readonly { job_name: string; static_configs: readonly { targets: readonly string[] }[] }[]
  }
  expect(scrape_configs[0]).toMatchObject({
    job_name: 'mcp-auditd',
    honor_labels: true,
    static_configs: [{ targets: [loadConfig({}).admin] }],
  })
})
