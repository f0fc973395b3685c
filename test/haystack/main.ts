/** `npm run haystack`: a week of benign events drawn from recorded runs of real servers, with attacks hidden among them. Exit 1 below the bar. */
import { parseArgs } from 'node:util'
import { loadConfig } from '../../cli/configuration.ts'
import { loadRules } from '../../detectors/load.ts'
import { hiddenAttacks } from './attacks/hidden.ts'
import { benignPlan, inOrder, operationsPlan } from './draw.ts'
import { fleetOf } from './fleet.ts'
import { judge } from './judge.ts'
import { holds, reportText } from './report.ts'
import { loadKinds } from './templates.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    attacks: { type: 'string', default: '100' },
    recording: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
})
const [events, seed, attackCount] = [Number(values.events), Number(values.seed), Number(values.attacks)]
const kinds = loadKinds(values.recording)
const fleet = fleetOf(kinds, seed)
const attacks = hiddenAttacks(fleet, attackCount, seed)
const plan = [
  ...operationsPlan(fleet, seed + 1),
  ...benignPlan(fleet, events, seed + 2),
  ...attacks.map(({ startMs, events: all }) => ({ startMs, make: () => all })),
]
process.stderr.write(
  `haystack: ${kinds.length} kinds of recorded servers, ${fleet.servers.length} servers, ${fleet.people.length} principals, ${plan.length} sessions and operations, ${attacks.length} attacks\n`,
)
const verdict = judge(inOrder(plan, fleet), attacks, await loadRules(), loadConfig({}).limits.stateRows)
process.stdout.write(`${reportText(verdict, values.verbose)}\n`)
process.exitCode = holds(verdict) ? 0 : 1
