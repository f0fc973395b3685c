// Delivery model 15: an insert times out, is repeated, and lands afterwards all the same. `events_exact` has each row once.
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadRules } from '../../../detectors/load.ts'
import { AuditdError } from '../../../schemas/errors.ts'
import { newSent, openBed } from '../bed.ts'
import type { Row } from '../row.ts'
import { Traffic } from '../traffic.ts'

const LATE_MS = 1_500

const row: Row = {
  number: 15,
  title: 'an insert lands after its retry',
  buses: ['embedded'],
  alone: true,
  /** Cut alike, the token makes the late one void; cut otherwise by the next owner, only identity does. */
  variants: () => ['same token', 'other cut'],
  seeds: { ci: { embedded: 1 }, full: { embedded: 2 } },
  sabotages: ['no-token'],
  async run(context) {
    const traffic = new Traffic(await loadRules(), context.random, 1, 40)
    const sent = newSent()
    const late: Promise<unknown>[] = []
    let timeouts = 3
    const bed = await openBed(context, {
      store: (real) => ({
        async insertEvents(batch) {
          if (timeouts-- <= 0) return real.insertEvents(batch)
          const rows = 'rows' in batch.source ? batch.source.rows : await textOf(batch.source.files)
          const token = context.variant === 'other cut' ? `${batch.token}-cut-otherwise` : batch.token
          late.push(sleep(LATE_MS).then(() => real.insertEvents({ ...batch, token, source: { rows } })))
          throw new AuditdError('store_unavailable', 'store', 'insert', 'no answer in time')
        },
      }),
    })
    await bed.send(traffic.batch(0, 40, 40), sent)
    await sleep(100)
    await bed.send(traffic.batch(0, 40, 200), sent)
    await bed.verdict(sent, false)
    await Promise.all(late)
    return bed.verdict(sent, context.variant === 'same token', () => ({ 'late inserts': late.length }))
  },
}
export default row

const textOf = async (files: readonly string[]): Promise<string> =>
  (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('')
