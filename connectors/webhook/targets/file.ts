/** The file target: JSON lines for agents that ship files, each on the disk before it counts as delivered. */
import { isAbsolute, resolve } from 'node:path'
import type { AlertTarget, Delivery, EventRow, TargetPayload } from '../../../schemas/ports.ts'
import { type AlertForm, inForm } from '../forms/alert-form.ts'
import { eventUid, knownColumns } from '../forms/event-row.ts'
import { fitAlert } from '../forms/fit-alert.ts'
import { jsonLine } from '../forms/json-line.ts'
import { LineFile, type LineFileOptions } from '../line-file.ts'
import { defineTarget } from '../target-factory.ts'

export interface FileOptions extends LineFileOptions {
  readonly form: AlertForm
  readonly events: boolean
}
const TOGETHER = 100
/** Agents read lines up to a bound: 16 KB in some by default, 1 MB at most in others. An ordinary alert has 2 KB. */
const ALERT_BYTES = 256_000

/**
 * At least once: killed between the write and its settlement, the same lines come again under the same `uid`. The lines of one exchange are
 * written together or not at all.
 */
export function fileTarget(name: string, options: FileOptions): AlertTarget {
  const file = new LineFile(options)
  const shape = inForm(options.form)
  const line = ({ alert, idempotencyKey }: Delivery): string =>
    jsonLine({ kind: 'alert', uid: idempotencyKey, alert: shape(fitAlert(alert, ALERT_BYTES)) })
  const shown = (text: string): TargetPayload => ({ to: `append ${options.path}`, headers: {}, body: `${text}\n` })
  const target: AlertTarget = {
    name,
    together: TOGETHER,
    payloads: (deliveries) => deliveries.map((delivery) => shown(line(delivery))),
    async deliver(deliveries) {
      await file.append(deliveries.map(line))
      return deliveries.map(() => ({ kind: 'delivered' }))
    },
    close: () => file.close(),
  }
  if (!options.events) return target
  return {
    ...target,
    eventPayloads: (rows) => rows.map((row) => shown(eventLine(row))),
    async deliverEvents(rows) {
      if (rows.length > 0) await file.append(rows.map(eventLine))
      return { kind: 'delivered' }
    },
  }
}

const eventLine = (row: EventRow): string => jsonLine({ kind: 'event', uid: eventUid(row), event: knownColumns(row) })

export default defineTarget({
  type: 'file',
  async create(name, config) {
    const path = isAbsolute(config.path) ? config.path : resolve(config.path)
    return fileTarget(name, { ...config, path, form: config.body })
  },
})
