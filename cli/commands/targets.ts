/** `targets`: where alerts go, exactly what is sent there, and whether it arrives. */
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { AuditdError } from '../../schemas/errors.ts'
import type { TargetConfig } from '../../schemas/target-config.ts'
import { loadConfig } from '../configuration.ts'
import { printShown } from '../screen.ts'
import { exampleTargets } from '../targets/examples.ts'
import { openSamples, type SamplePayload, samplePayloads } from '../targets/payloads.ts'
import { type TargetState, targetStates } from '../targets/states.ts'
import { tryTarget } from '../targets/trial.ts'

interface Options {
  readonly config?: string
  readonly data?: string
  readonly json?: true
}

export default function configure(command: Command): void {
  command.description('where alerts go: list the targets, show what is sent, try one')
  const configured = (one: Command) =>
    one
      .option('--config <file>', 'YAML configuration (or MCP_AUDITD_CONFIG)')
      .addOption(new Option('--json', 'as JSON lines'))
  configured(command.command('list').description('targets of the configuration, and their state where a service runs'))
    .option('--data <dir>', 'data folder of the service', (dir) => resolve(dir))
    .action(list)
  configured(command.command('sample').description('the exact payloads of a sample alert and its later life'))
    .argument('[name]', 'this target alone; without configuration: this type')
    .action(sample)
  configured(
    command.command('test').description('sends one alert that is marked as a test; exit code 1 if it is not taken'),
  )
    .argument('<name>', 'the target')
    .option('--resolve', 'sends that it is resolved, too')
    .action(test)
}

const targetsOf = ({ config }: Options): Readonly<Record<string, TargetConfig>> | undefined => {
  const file = config ?? process.env['MCP_AUDITD_CONFIG']
  return file === undefined || file === '' ? undefined : loadConfig(process.env, {}, file).targets
}
function named(targets: Readonly<Record<string, TargetConfig>>, name: string): TargetConfig {
  const config = Object.hasOwn(targets, name) ? targets[name] : undefined
  if (config !== undefined) return config
  const known = Object.keys(targets).join(', ')
  throw new AuditdError('not_found', 'targets', name, `no such target; configured are ${known}`)
}

async function list(options: Options): Promise<void> {
  const { targets, allowPrivateTargets } = loadConfig(process.env, {}, options.config)
  const states = await targetStates(options.data)
  const nowMs = Date.now()
  for (const opened of await openSamples(targets, allowPrivateTargets)) {
    const { target, type, minimumSeverity, filter, redact, flood } = opened
    const to = samplePayloads(opened, nowMs)[0]?.to ?? ''
    const state = states?.[target.name]
    const shown = { name: target.name, type, to, minimumSeverity, filter, redact, flood, ...(state && { state }) }
    if (options.json) process.stdout.write(`${JSON.stringify(shown)}\n`)
    else printShown(listed(shown, states === undefined))
  }
}

function listed(
  shown: Pick<TargetConfig, 'type' | 'minimumSeverity' | 'filter' | 'redact' | 'flood'> & {
    readonly name: string
    readonly to: string
    readonly state?: TargetState
  },
  isIdle: boolean,
): string {
  const { name, type, to, minimumSeverity, filter, redact, flood, state } = shown
  const narrowed = Object.entries(filter).filter(([, values]) => values.length > 0)
  return [
    `${name}  ${type}  ${to}`,
    `  from ${minimumSeverity}${flood.most === 0 ? '' : `, at most ${flood.most} messages in ${flood.perMs} ms`}`,
    ...narrowed.map(([field, values]) => `  ${field}: ${values.join(', ')}`),
    ...(redact.length === 0 ? [] : [`  left out: ${redact.join(', ')}`]),
    ...(isIdle ? [] : [`  ${state === undefined ? 'not known to the running service' : stateText(state)}`]),
  ].join('\n')
}
const stateText = ({ failingSince, reason, lastDelivered, waiting, dead, pausedUntil }: TargetState): string =>
  [
    failingSince === '' ? 'well' : `failing since ${failingSince}: ${reason}`,
    lastDelivered === '' ? 'nothing delivered yet' : `last delivered ${lastDelivered}`,
    `${waiting} waiting`,
    ...(dead === 0 ? [] : [`${dead} given up`]),
    ...(pausedUntil === '' ? [] : [`paused until ${pausedUntil}`]),
  ].join(', ')

async function sample(name: string | undefined, options: Options): Promise<void> {
  const all = targetsOf(options)
  const chosen = all === undefined ? exampleTargets(name) : name === undefined ? all : { [name]: named(all, name) }
  const nowMs = Date.now()
  for (const opened of await openSamples(chosen, true))
    for (const payload of samplePayloads(opened, nowMs))
      process.stdout.write(options.json ? `${JSON.stringify(payload)}\n` : `${payloadText(payload)}\n\n`)
}
/** The body byte for byte: it is a sample of ours, and who pipes it somewhere wants it unchanged. */
const payloadText = ({ target, type, moment, to, headers, body }: SamplePayload): string =>
  [
    `# ${target} (${type}): ${moment}`,
    to,
    ...Object.entries(headers).map(([header, value]) => `${header}: ${value}`),
    '',
    body,
  ].join('\n')

async function test(name: string, options: Options & { readonly resolve?: true }): Promise<void> {
  const settings = loadConfig(process.env, {}, options.config)
  const trials = await tryTarget(name, named(settings.targets, name), settings, options.resolve === true)
  for (const { what, verdict, latencyMs } of trials) {
    const reason = verdict.kind === 'delivered' ? '' : verdict.reason
    if (options.json)
      process.stdout.write(`${JSON.stringify({ target: name, what, verdict: verdict.kind, reason, latencyMs })}\n`)
    else printShown(`${name}: ${what}: ${verdict.kind}${reason === '' ? '' : `: ${reason}`} (${latencyMs} ms)`)
  }
  if (trials.some(({ verdict }) => verdict.kind !== 'delivered')) process.exitCode = 1
}
