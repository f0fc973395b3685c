// Delivery model 5: one message of 100 events, its insert is split, kill after the first half. 100 rows, none twice.
import { readFile } from 'node:fs/promises'
import { loadRules } from '../../../detectors/load.ts'
import type { RowBatch } from '../../../schemas/ports.ts'
import { forever, newSent, openBed } from '../bed.ts'
import type { Row } from '../row.ts'
import { Traffic } from '../traffic.ts'

const row: Row = {
  number: 5,
  title: 'one message of 100 events, half of its insert lands, kill',
  buses: ['embedded'],
  alone: true,
  seeds: { ci: { embedded: 1 }, full: { embedded: 3 } },
  sabotages: ['no-ask'],
  async run(context) {
    const traffic = new Traffic(await loadRules(), context.random, 1, 40)
    const sent = newSent()
    let half = () => {}
    const landed = new Promise<void>((done) => {
      half = done
    })
    const first = await openBed(context, {
      store: (real, life) => ({
        async insertEvents(batch) {
          const lines = await linesOf(batch)
          const rows = `${lines.slice(0, lines.length / 2).join('\n')}\n`
          await real.insertEvents({ token: 'the-first-half', count: lines.length / 2, source: { rows } })
          life.dead = true
          half()
          return forever()
        },
      }),
    })
    await first.send(traffic.batch(0, 60, 40), sent)
    await landed
    const second = await openBed(context)
    await second.send(traffic.batch(0, 10, 200), sent)
    return second.verdict(sent, true)
  },
}
export default row

const linesOf = async ({ source }: RowBatch): Promise<string[]> => {
  const texts = 'rows' in source ? [source.rows] : await Promise.all(source.files.map((file) => readFile(file, 'utf8')))
  return texts.flatMap((text) => text.split('\n').filter((line) => line !== ''))
}
