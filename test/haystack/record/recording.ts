/** The recording: published servers, the benign scenarios of the demo and protected servers behind every edge, as the store kept their events. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { history } from '../../../cli/backtest/history.ts'
import { loadScenarios } from '../../../cli/demo/scenario.ts'
import { Stage } from '../../../cli/demo/stage.ts'
import { askStore } from '../../../cli/store-question.ts'
import type { ServerEntry } from '../../servers/catalogue.ts'
import { recordProtected } from './protected.ts'
import { type RecordedRun, recordServers } from './runs.ts'

const SETTLED_MS = 3_000

export interface Recording {
  readonly servers: readonly ServerEntry[]
  readonly otlp: string
  /** Data folder of the running service. */
  readonly data: string
  readonly scratch: string
  readonly say: (text: string) => void
}

/** Writes FILE (an AuditEvent a line, in the order of receipt) and FILE.runs.json (which of them are one run). */
export async function record(file: string, { servers, otlp, data, scratch, say }: Recording): Promise<void> {
  mkdirSync(scratch, { recursive: true })
  const runs: RecordedRun[] = [
    ...(await recordDemo(otlp, say)),
    ...(await recordProtected(otlp, say)),
    ...(await recordServers(servers, otlp, scratch, say)),
  ]
  const ask = (sql: string): Promise<string> => askStore(sql, data, 'JSONCompactEachRow')
  await settled(ask)
  const lines: string[] = []
  for await (const { event } of history(ask, '2020-01-01T00:00:00Z', '2100-01-01T00:00:00Z'))
    lines.push(JSON.stringify(event))
  writeFileSync(file, `${lines.join('\n')}\n`)
  writeFileSync(`${file}.runs.json`, `${JSON.stringify(runs, undefined, 1)}\n`)
  say(`recorded ${lines.length} events of ${runs.length} runs in ${file}`)
  rmSync(join(scratch, 'play'), { recursive: true, force: true })
}

/** Until nothing more is stored. */
async function settled(ask: (sql: string) => Promise<string>): Promise<void> {
  const count = async (): Promise<string> => ask('SELECT count() FROM events_exact')
  for (let [before, now] = ['', await count()]; before !== now; ) {
    before = now
    await wait(SETTLED_MS)
    now = await count()
  }
}

async function recordDemo(otlp: string, say: (text: string) => void): Promise<RecordedRun[]> {
  const runs: RecordedRun[] = []
  const scenarios = (await loadScenarios()).filter(({ kind }) => kind !== 'attack')
  // A stage for each scenario: its servers start with it, and what it changes in them ends with it.
  for (const scenario of scenarios) {
    const fromMs = Date.now()
    const stage = await Stage.open({ kind: 'otlp', url: otlp })
    try {
      await stage.run([scenario])
    } finally {
      await stage.close()
    }
    runs.push({ kind: `demo-${scenario.name}`, way: 'code', serverId: '', fromMs, toMs: Date.now() })
    say(`recorded ${scenario.name}`)
    await wait(50)
  }
  return runs
}
