// Runs rows: a folder, a broker and a line of output for each seed, and the sum at the end.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Broker, missingForBroker } from '../../cli/kafka-broker.ts'
import { startTemporary } from '../kafka/broker.ts'
import { Random } from './random.ts'
import type { BusName, Figures, Row, RowContext, Tier, Verdict } from './row.ts'
import { launch } from './service.ts'

export interface RunOptions {
  readonly tier: Tier
  readonly bus?: BusName
  /** Only this seed. */
  readonly seed?: number
  readonly variant?: string
  readonly print: (line: string) => void
}

export class FaultRun {
  passed = 0
  failed = 0
  skipped = 0
  readonly #options: RunOptions
  readonly #brokers = new Map<number, Promise<Broker>>()
  #missing: string | undefined

  constructor(options: RunOptions) {
    this.#options = options
  }

  /** True when nothing failed. Prints the sum as its last line. */
  async all(rows: readonly Row[]): Promise<boolean> {
    this.#missing = await missingForBroker()
    try {
      for (const row of rows)
        for (const bus of row.buses)
          if (this.#options.bus === undefined || this.#options.bus === bus) await this.#row(row, bus)
    } finally {
      for (const broker of this.#brokers.values()) await broker.then((one) => one.stop()).catch(() => {})
    }
    this.#options.print(`${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`)
    return this.failed === 0
  }

  async #row(row: Row, bus: BusName): Promise<void> {
    const { tier, seed } = this.#options
    const count = row.seeds[tier][bus] ?? 0
    const seeds = seed === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [seed]
    const variants = (row.variants?.(bus) ?? ['']).filter((name) => (this.#options.variant ?? name) === name)
    for (const variant of variants)
      for (const one of seeds) {
        const name = `${row.number} ${row.title} [${[bus, variant].filter(Boolean).join(', ')}] seed ${one}`
        if (bus === 'kafka' && this.#missing !== undefined) {
          this.skipped += 1
          this.#options.print(`skipped ${name}: ${this.#missing}`)
        } else await this.#once(row, name, bus, variant, one)
      }
  }

  async #once(row: Row, name: string, bus: BusName, variant: string, seed: number): Promise<void> {
    const startedMs = performance.now()
    const verdict = await this.#run(row, bus, variant, seed)
    const seconds = `${((performance.now() - startedMs) / 1000).toFixed(1)} s`
    const good = verdict.faults.length === 0
    if (good) this.passed += 1
    else this.failed += 1
    const figures = verdict.figures === undefined ? [] : [figuresText(verdict.figures)]
    this.#options.print(`${good ? 'ok     ' : 'FAILED '} ${name}: ${[...figures, seconds].join(', ')}`)
    for (const fault of verdict.faults) this.#options.print(`        ${fault}`)
  }

  async #run(row: Row, bus: BusName, variant: string, seed: number): Promise<Verdict> {
    const dir = mkdtempSync(join(tmpdir(), 'mcp-auditd-faults-'))
    const closers: (() => unknown)[] = []
    const context: RowContext = {
      bus,
      seed,
      variant,
      random: new Random(seed * 1000 + row.number),
      dir: join(dir, 'service'),
      broker: (nodes) => this.#broker(nodes),
      defer: (close) => void closers.unshift(close),
    }
    try {
      return await (row.alone ? runAlone(row, context) : row.run(context))
    } catch (error) {
      return { faults: [`ended early: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`] }
    } finally {
      for (const close of closers) await Promise.resolve(close()).catch(() => {})
      rmSync(dir, { recursive: true, force: true })
    }
  }

  #broker(nodes: 1 | 3): Promise<Broker> {
    let broker = this.#brokers.get(nodes)
    if (broker === undefined) {
      broker = startTemporary(nodes)
      this.#brokers.set(nodes, broker)
    }
    return broker
  }
}

async function runAlone(row: Row, { seed, variant, dir }: RowContext): Promise<Verdict> {
  const child = launch('test/faults/alone.ts', [String(row.number), String(seed), variant, dir])
  const [said, complained] = await Promise.all([text(child.stdout!), text(child.stderr!)])
  const last = said.trim().split('\n').at(-1) ?? ''
  if (!last.startsWith('{')) throw new Error(`the row ended without a verdict:\n${complained}`)
  return JSON.parse(last) as Verdict
}

function figuresText(figures: Figures): string {
  const { acknowledged, stored, duplicatesInEvents, duplicatesInExact, findings, alerts, more = {} } = figures
  return [
    `acknowledged ${acknowledged}`,
    `stored ${stored}`,
    `duplicates in events ${duplicatesInEvents}, events_exact ${duplicatesInExact}`,
    `findings ${findings[0]} of ${findings[1]}`,
    `alerts ${alerts[0]} of ${alerts[1]}`,
    ...Object.entries(more).map(([name, value]) => `${name} ${value}`),
  ].join(', ')
}
