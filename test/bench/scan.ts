/** B8(ii), the part of the classifiers: CPU of scanning the arguments (1 KB) and the result (4 KB) of a benign call. Report only. */
import { CLASSIFIERS } from '../../collector/scan/classifiers.ts'
import { rolesOf } from '../../collector/scan/role.ts'
import { type Scanner, scannerOf } from '../../collector/scan/scan.ts'
import { median, range } from './ratios.ts'

/** What both scans of a call may take together: a good third of what Sentry adds with inputs and outputs recorded. */
const TARGET_MICROS = 60
const ROUNDS = Number(process.argv[2] ?? 9)
const CALLS = 2_000
const ARGUMENT_BYTES = 1_024
const RESULT_BYTES = 4_096

const ofLength = (text: string, length: number): string =>
  Buffer.from(text.repeat(Math.ceil(length / text.length)).slice(0, length)).toString()

const PROSE = `The quarterly report is ready for review; the numbers of the northern branch came in late, and Anna (finance) has asked
whether we could move the meeting to Thursday at 14:30. Please check the totals on page 3 & 4 before you send it to the customers.
See https://intranet.example/reports/2026/q3?view=full for the charts. `
const CODE = `export async function loadUser(id: string): Promise<User | undefined> {
  const row = await db.query('SELECT * FROM users WHERE id = $1', [id])
  if (row === undefined || row.deleted) return undefined
  return { ...row, name: \`\${row.first} \${row.last}\`, path: join(root, '../avatars', row.avatar) }
}
`
const rows = Array.from({ length: 40 }, (_, i) => ({
  id: `3f2a${i}c9e-77b1-4d0e-9c11-${String(i * 7919).padStart(12, '0')}`,
  status: i % 3 === 0 ? 'open' : 'closed',
  title: `Order ${i * 37} of Miller & Sons`,
  created_at: `2026-03-${String((i % 28) + 1).padStart(2, '0')}T09:${String(i % 60).padStart(2, '0')}:11Z`,
  url: `https://api.example.com/v2/orders/${i * 7919}?include=lines&page=${i}`,
}))

interface Call {
  readonly tool: string
  readonly args: Readonly<Record<string, unknown>>
  readonly result: string
}
const CALLS_BY_KIND: Readonly<Record<string, Call>> = {
  prose: {
    tool: 'send_message',
    args: { channel: 'general', thread: 'q3-report', message: ofLength(PROSE, ARGUMENT_BYTES) },
    result: ofLength(PROSE, RESULT_BYTES),
  },
  code: {
    tool: 'write_file',
    args: { path: 'src/users/load-user.ts', content: ofLength(CODE, ARGUMENT_BYTES) },
    result: ofLength(CODE, RESULT_BYTES),
  },
  json: {
    tool: 'find_orders',
    args: {
      query: 'status = open and total > 100',
      filters: rows.slice(0, 4),
      page: 2,
      fields: ['id', 'title', 'url'],
    },
    result: ofLength(JSON.stringify(rows), RESULT_BYTES),
  },
}

/** Microseconds of CPU for one scan of each kind of a surface. */
function micros(scanner: Scanner, call: Call, surface: 'arguments' | 'result'): number {
  const properties = Object.fromEntries(Object.keys(call.args).map((name) => [name, { type: 'string' }]))
  const base = {
    surface,
    toolName: call.tool,
    otherTools: new Set<string>(),
    roles: rolesOf({ properties }, call.tool),
  }
  const value = surface === 'arguments' ? call.args : { content: [{ type: 'text', text: call.result }] }
  const before = process.cpuUsage()
  for (let i = 0; i < CALLS; i++) scanner.scanValue(value, base)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / CALLS
}

function report(name: string, scanner: Scanner, mark: string): void {
  for (const [kind, call] of Object.entries(CALLS_BY_KIND)) {
    const hits = scanner.scanValue(call.args, { surface: 'arguments', toolName: call.tool, otherTools: new Set() }).hits
      .length
    micros(scanner, call, 'arguments')
    micros(scanner, call, 'result')
    const args: number[] = []
    const results: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      args.push(micros(scanner, call, 'arguments'))
      results.push(micros(scanner, call, 'result'))
    }
    const both = args.map((value, round) => value + results[round]!)
    console.log(
      `${mark}${name}, ${kind}: arguments ${median(args, 1)} us, result ${median(results, 1)} us (${(Number(median(results, 2)) / (RESULT_BYTES / 1_024)).toFixed(1)} us/KB), ` +
        `both ${median(both, 1)} ${range(both, 1)} us, target <= ${TARGET_MICROS}${hits > 0 ? `; ${hits} hits in benign arguments` : ''}`,
    )
  }
}

report('scan', scannerOf(CLASSIFIERS), 'B8(ii): ')
report('no classifier', scannerOf([]), '')
if (process.argv[3] === 'each')
  for (const classifier of CLASSIFIERS) report(`only ${classifier.name}`, scannerOf([classifier]), '')
