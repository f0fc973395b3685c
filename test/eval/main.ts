/**
 * `npm run eval`: recall and false alarms of the scan path on the development corpora, beside a naive regex and published figures.
 * `--misses`: the ids; `--set tools`: one table only; `--no-stress`; `--json`.
 */
import { parseArgs } from 'node:util'
import { loadRules } from '../../detectors/load.ts'
import { type EvalRow, FOLDER, hasCorpora, readCorpora, SETS } from './corpora.ts'
import { Vocabulary } from './left-out.ts'
import { linesOf, type Measured } from './lines.ts'
import { isFound, verdictOf } from './measure.ts'
import { naiveFlags } from './naive-regex.ts'
import { neutralRow } from './neutral.ts'
import { historyText, publishedText, setText, stressText, targetsText } from './report.ts'
import { measureStress } from './stress/measure-stress.ts'
import { targetsOf } from './targets.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    misses: { type: 'boolean', default: false },
    set: { type: 'string' },
    'no-stress': { type: 'boolean', default: false },
  },
})

if (!hasCorpora()) {
  process.stderr.write(`eval: ${FOLDER} is not there: nothing to measure\n`)
  process.exit(2)
}
const startMs = performance.now()
if (values.set !== undefined && !SETS.some((set) => set === values.set)) {
  process.stderr.write(`eval: --set: must be one of ${SETS.join(', ')}\n`)
  process.exit(2)
}
const rules = await loadRules()
const all = readCorpora()
const rows = all.filter(({ set }) => values.set === undefined || set === values.set)
const vocabulary = new Vocabulary(all)
const measured: readonly Measured[] = rows.map((row) => {
  const plain = neutralRow(row)
  const neutral = verdictOf(plain, rules)
  const isSame = (other: EvalRow): boolean => JSON.stringify(other.rows) === JSON.stringify(plain.rows)
  const verdictOn = (other: EvalRow) => (isSame(other) ? neutral : verdictOf(other, rules))
  const leftOut = row.isMalicious ? verdictOn(vocabulary.withoutOwnWords(plain)) : undefined
  return { row, neutral, leftOut, asItCame: verdictOn(row), naive: naiveFlags(row) }
})
const lines = linesOf(measured)
const targets = targetsOf(measured)
const stress = values['no-stress'] ? [] : measureStress(measured, rules)
const unread = measured.filter(({ neutral, asItCame }) => neutral.error !== '' || asItCame.error !== '')
const seconds = Math.round((performance.now() - startMs) / 100) / 10

if (values.json)
  process.stdout.write(
    `${JSON.stringify({ targets, lines, stress, unread: unread.map(({ row }) => row.id), rules: rules.hash, seconds })}\n`,
  )
else {
  const parts = [
    ...SETS.filter((set) => rows.some((row) => row.set === set)).map((set) => setText(set, lines, values.misses)),
    historyText(measured, ({ row, neutral }) => isFound(row, neutral)),
    ...(stress.length === 0 ? [] : [stressText(stress)]),
    publishedText(),
    targetsText(targets.filter(({ share }) => share.rows > 0)),
    `${measured.length} rows, ${unread.length} could not be read, ${rules.rules.length} rules, ${seconds} s`,
  ]
  process.stdout.write(`${parts.join('\n\n')}\n`)
}
