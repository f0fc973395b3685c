/** Telemetry that remembers, for assertions on counters and log lines. */
import type { Telemetry } from '../../schemas/ports.ts'
import type { CounterName, GaugeName, LogName } from '../../schemas/telemetry.ts'

export class RecordedTelemetry implements Telemetry {
  readonly logs: { readonly name: LogName; readonly fields: Readonly<Record<string, unknown>> }[] = []
  readonly gauges = new Map<string, number>()
  readonly #counts = new Map<string, number>()

  count(name: CounterName, by: number, labels: Readonly<Record<string, string>> = {}): void {
    const key = keyOf(name, labels)
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + by)
  }
  gauge(name: GaugeName, value: number, labels: Readonly<Record<string, string>> = {}): void {
    this.gauges.set(keyOf(name, labels), value)
  }
  log(name: LogName, fields: Readonly<Record<string, unknown>> = {}): void {
    this.logs.push({ name, fields })
  }
  /** The counter with exactly these labels. */
  counted(name: CounterName, labels: Readonly<Record<string, string>> = {}): number {
    return this.#counts.get(keyOf(name, labels)) ?? 0
  }
}

const keyOf = (name: string, labels: Readonly<Record<string, string>>): string =>
  `${name} ${Object.entries(labels)
    .sort()
    .map((pair) => pair.join('='))
    .join(' ')}`
