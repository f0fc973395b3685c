/**
 * What sealing costs: CPU per event of detection with the embedded store, with the proof over without it, in turns in one run; and hashing a row
 * as a multiple of JSON.parse of its event. `node test/bench/proof.ts [EVENTS] [ROUNDS]`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../cli/configuration.ts'
import { openSigner } from '../../cli/proof/signer.ts'
import { UnsealedRows } from '../../cli/proof/unsealed-rows.ts'
import { startDetectRole } from '../../cli/roles/detect.ts'
import { openEmbedded } from '../../cli/wire-embedded.ts'
import { openStore, silentTelemetry } from '../../cli/wire-store.ts'
import { EMPTY_INVENTORY, enricher } from '../../detectors/enrich.ts'
import { loadRules } from '../../detectors/load.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import { rowText } from '../../schemas/row.ts'
import { ENRICHMENT } from '../contract/samples.ts'
import { median, range } from './ratios.ts'
import { realisticEvents } from './realistic-events.ts'

process.env['UV_THREADPOOL_SIZE'] ??= '16'
const EVENTS = Number(process.argv[2] ?? 40_000)
const ROUNDS = Number(process.argv[3] ?? 5)
const TOGETHER = 500
const clock = { nowMs: () => Date.now() }
const cpuMicros = (): number => {
  const { user, system } = process.cpuUsage()
  return user + system
}
const events = [...realisticEvents(EVENTS)].map(
  (event) => ({ ...event, tenant: 'default', receivedAt: event.receivedAt ?? event.eventTime }) as AuditEvent,
)
const rules = await loadRules()
const path = mkdtempSync(join(tmpdir(), 'bench-proof-'))
const settings = loadConfig({}, { targets: {} })
// One engine to a process: each run has a spool of its own, and its rows lie in the same table.
const store = await openStore(settings, path, silentTelemetry)
const signer = await openSigner(settings, path, silentTelemetry, false)

/** CPU per event, microseconds, from publishing to a committed position. */
async function run(round: string, isProven: boolean): Promise<number> {
  const enrich = enricher(rules, EMPTY_INVENTORY)
  const encode = (event: AuditEvent, position: Parameters<typeof rowText>[2]): string =>
    rowText(event, enrich(event), position)
  const parts = { settings, dataDir: join(path, round), keys: [], clock, telemetry: silentTelemetry, encode }
  const plumbing = await openEmbedded(parts)
  const from = cpuMicros()
  const role = await startDetectRole({
    ...{ ...plumbing, store, rules, encode, clock, telemetry: silentTelemetry, limits: settings.limits },
    ...(isProven && { proof: { store: store.proof, signer, ...settings.proof } }),
    onFatal(error) {
      throw error
    },
  })
  for (let at = 0; at < events.length; at += TOGETHER) await plumbing.bus.publish(events.slice(at, at + TOGETHER))
  const [end] = await plumbing.end()
  while ((role.progress()[0]?.stored ?? 0) < end!.next) await new Promise((resolve) => setTimeout(resolve, 5))
  await role.stop()
  const spent = cpuMicros() - from
  await plumbing.close()
  return spent / EVENTS
}

const [withProof, without]: [number[], number[]] = [[], []]
for (let round = 0; round <= ROUNDS; round++)
  for (const isProven of round % 2 === 0 ? [true, false] : [false, true]) {
    const cost = await run(`${round}-${isProven}`, isProven)
    if (round > 0) (isProven ? withProof : without).push(cost)
  }
const ratios = withProof.map((cost, round) => cost / without[round]!)
const texts = events.map((event) => JSON.stringify(event))
const rows = Buffer.from(
  events
    .map((event, at) =>
      rowText(event, ENRICHMENT, { log: 'a'.repeat(32), partition: 0, offset: at >> 8, index: at & 255 }),
    )
    .join('\n'),
)
const hashing: number[] = []
for (let round = 0; round <= ROUNDS; round++) {
  const a = cpuMicros()
  for (const text of texts) JSON.parse(text)
  const b = cpuMicros()
  new UnsealedRows().addLines(rows, new Set())
  if (round > 0) hashing.push((cpuMicros() - b) / (b - a))
}
process.stdout.write(
  [
    `proof on / off, CPU per event with the embedded store: ${median(ratios)} ${range(ratios)} (${median(withProof)} against ${median(without)} us)`,
    `hashing a row / JSON.parse of its event: ${median(hashing)} ${range(hashing)}`,
    '',
  ].join('\n'),
)
await store.close()
rmSync(path, { recursive: true, force: true })
