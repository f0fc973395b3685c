// `npm run faults`: rows of faults, by seed and bus; --sabotage takes a protection away and wants the row that guards it to turn red.
import { parseArgs } from 'node:util'
import { SABOTAGES, type Sabotage } from '../../connectors/failpoint.ts'
import { loadRows } from './load.ts'
import type { BusName, Row, Tier } from './row.ts'
import { FaultRun } from './run.ts'
import { runSabotages } from './sabotage.ts'

const USAGE = `usage: npm run faults -- [--row N[,N]] [--seed S] [--bus embedded|kafka] [--tier ci|full] [--sabotage NAME|all] [--list]
sabotages: ${Object.keys(SABOTAGES).join(', ')}
`
const { values } = parseArgs({
  options: {
    row: { type: 'string' },
    seed: { type: 'string' },
    variant: { type: 'string' },
    bus: { type: 'string' },
    tier: { type: 'string', default: 'full' },
    sabotage: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
})
const print = (line: string): void => void process.stdout.write(`${line}\n`)

function chosenRows(all: readonly Row[]): readonly Row[] {
  if (values.row === undefined) return all
  const numbers = values.row.split(',').map(Number)
  return all.filter(({ number }) => numbers.includes(number))
}
const isUsage =
  !['ci', 'full'].includes(values.tier) ||
  (values.bus !== undefined && !['embedded', 'kafka'].includes(values.bus)) ||
  (values.sabotage !== undefined && values.sabotage !== 'all' && !(values.sabotage in SABOTAGES))

async function main(): Promise<number> {
  const rows = chosenRows(await loadRows())
  if (isUsage || rows.length === 0) {
    process.stderr.write(USAGE)
    return 2
  }
  if (values.list) {
    for (const { number, title, buses, sabotages = [] } of rows)
      print(
        `${String(number).padStart(2)} ${title} [${buses.join(', ')}]${sabotages.length > 0 ? ` guards ${sabotages.join(', ')}` : ''}`,
      )
    return 0
  }
  if (values.sabotage !== undefined) {
    const names = values.sabotage === 'all' ? (Object.keys(SABOTAGES) as Sabotage[]) : [values.sabotage as Sabotage]
    return runSabotages(names, rows, print)
  }
  const run = new FaultRun({
    tier: values.tier as Tier,
    print,
    ...(values.seed === undefined ? {} : { seed: Number(values.seed) }),
    ...(values.variant === undefined ? {} : { variant: values.variant }),
    ...(values.bus === undefined ? {} : { bus: values.bus as BusName }),
  })
  return (await run.all(rows)) ? 0 : 1
}
// Children end with this process only when it ends by itself.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
// Rows in this process leave timers of services that were "killed" in it behind.
process.exit(await main())
