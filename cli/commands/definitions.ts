/** `definitions`: which tool definitions servers have shown, what changed between two, and which of them people approve. */
import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { resolveSecret } from '../../collector/instrument/keys/secret.ts'
import { AuditdError } from '../../schemas/errors.ts'
import { loadConfig } from '../configuration.ts'
import { chosen, lastChange, ofOneTool } from '../definitions/chosen-version.ts'
import { approval, revocation, tell } from '../definitions/decision.ts'
import { differenceOf, differenceText } from '../definitions/difference.ts'
import { definitionOf, type Version, versionsOf } from '../definitions/versions.ts'
import { printShown } from '../screen.ts'

interface Reading {
  readonly data: string
  readonly tenant?: string
  readonly format: 'text' | 'json'
}
interface Telling extends Omit<Reading, 'format'> {
  readonly by: string
  readonly url?: string
  readonly token?: string
}

export default function configure(command: Command): void {
  command.description('the tool definitions that servers have shown: list, compare, approve, revoke')
  reading(command.command('list').description('versions of each tool, and what people decided of them'))
    .option('--server <id>', 'this server alone')
    .option('--tool <name>', 'this tool alone')
    .action(list)
  reading(command.command('diff').description('what differs between two versions, and how grave that is'))
    .argument('<server>')
    .argument('<tool>')
    .argument('[before]', 'hash, its beginning, or a time; default: the version before the other')
    .argument('[after]', 'the same; default: the version in force')
    .action(diff)
  telling(command.command('approve').description('trust this version; others of the tool are then not approved'))
    .argument('<server>')
    .argument('<tool>')
    .argument('<hash>', 'hash of the definition; its beginning where the version was seen')
    .option('--expires <when>', 'end of the approval: a time, or a number of days such as 90d')
    .action(approve)
  telling(command.command('revoke').description('end the approval of a version, or of all'))
    .argument('<server>')
    .argument('<tool>')
    .argument('[hash]', 'hash of the definition, or its beginning')
    .option('--all', 'every approval of the tool, and the trust in what was learned')
    .action(revoke)
}
const common = (command: Command): Command =>
  command
    .requiredOption('--data <dir>', 'data folder', (dir) => resolve(dir))
    .option('--tenant <name>', 'this tenant alone')
const reading = (command: Command): Command =>
  common(command).addOption(
    new Option('--format <format>', 'form of the answer').choices(['text', 'json']).default('text'),
  )
const telling = (command: Command): Command =>
  common(command)
    .option('--by <name>', 'who decides', userInfo().username)
    .option('--url <url>', 'where the service takes OTLP; default: the configured listener')
    .option('--token <reference>', 'bearer token: env:NAME, file:PATH or cmd:PROGRAM')

async function list({ data, format, ...which }: Reading & { server?: string; tool?: string }): Promise<void> {
  const versions = await versionsOf(which, data, Date.now())
  if (format === 'json') return print([JSON.stringify(versions, null, 2)])
  if (versions.length === 0) return print(['no server has told of such a tool'])
  const servers = Map.groupBy(versions, ({ tenant, server }) => `${server} (${tenant})`)
  for (const [server, own] of servers) print([server, ...own.map(lineOf)])
}

const lineOf = ({ tool, hash, inForce, approval: state, approver, until, firstSeen, lastSeen, findings }: Version) => {
  const decided = state === 'none' ? 'nobody decided' : `${state} by ${approver || 'somebody'}`
  const found = findings.length === 0 ? '' : `; found: ${findings.join(', ')}`
  const end = until === '' ? '' : ` until ${until}`
  return `  ${inForce ? '*' : ' '} ${tool} ${hash.slice(0, 12)}  ${decided}${end}; listed ${firstSeen} to ${lastSeen}${found}`
}

async function diff(
  server: string,
  tool: string,
  first: string | undefined,
  second: string | undefined,
  { data, format, tenant }: Reading,
): Promise<void> {
  const versions = ofOneTool(await versionsOf({ server, tool, tenant }, data, Date.now()), server, tool)
  const [before, after] =
    first === undefined
      ? lastChange(versions)
      : [
          chosen(versions, first),
          second === undefined ? (inForce(versions) ?? versions.at(-1)!) : chosen(versions, second),
        ]
  const [old, now] = await Promise.all([definitionOf(before, data), definitionOf(after, data)])
  if (old === undefined || now === undefined)
    throw new AuditdError('store_unavailable', 'definitions', tool, 'the event that told of it is gone')
  const difference = differenceOf(old, now)
  if (format === 'json')
    return print([JSON.stringify({ before: before.hash, after: after.hash, ...difference }, null, 2)])
  print([
    `${tool} of ${server}: ${before.hash.slice(0, 12)} -> ${after.hash.slice(0, 12)}`,
    ...differenceText(difference),
  ])
}
const inForce = (versions: readonly Version[]): Version | undefined => versions.filter((each) => each.inForce).at(-1)

async function approve(
  server: string,
  tool: string,
  hash: string,
  options: Telling & { readonly expires?: string },
): Promise<void> {
  const untilMs = options.expires === undefined ? 0 : endOf(options.expires, Date.now())
  const decision = { server, tool, hash: await wholeHash(server, tool, hash, options), approver: options.by }
  await tell(approval(decision, untilMs), ...(await listener(options)))
  const until = untilMs === 0 ? '' : ` until ${new Date(untilMs).toISOString()}`
  print([`approved ${tool} ${decision.hash.slice(0, 12)} of ${server} by ${options.by}${until}`])
}

async function revoke(
  server: string,
  tool: string,
  hash: string | undefined,
  options: Telling & { readonly all?: true },
): Promise<void> {
  if (hash === undefined && options.all !== true)
    throw new AuditdError('usage', 'definitions', 'hash', 'name a version, or say --all')
  const whole = hash === undefined ? '' : await wholeHash(server, tool, hash, options)
  const decision = { server, tool, hash: whole, approver: options.by }
  await tell(revocation(decision, options.all === true), ...(await listener(options)))
  print([
    `revoked ${options.all === true ? 'every approval' : whole.slice(0, 12)} of ${tool} of ${server} by ${options.by}`,
  ])
}

/** A whole hash may be one that nobody has seen yet: a pipeline approves before it deploys. */
const wholeHash = async (server: string, tool: string, hash: string, { data, tenant }: Telling): Promise<string> =>
  /^[0-9a-f]{64}$/.test(hash)
    ? hash
    : chosen(ofOneTool(await versionsOf({ server, tool, tenant }, data, Date.now()), server, tool), hash).hash

const listener = async ({ url, token }: Telling): Promise<readonly [url: string, bearer: string]> => [
  url ?? `http://${loadConfig(process.env).otlp}`,
  token === undefined ? '' : await resolveSecret(token, { component: 'definitions', field: '--token' }),
]

const DAY_MS = 86_400_000
function endOf(text: string, nowMs: number): number {
  const days = /^(\d{1,5})d$/.exec(text)
  const endMs = days === null ? Date.parse(text) : nowMs + Number(days[1]) * DAY_MS
  if (Number.isNaN(endMs) || endMs <= nowMs)
    throw new AuditdError(
      'usage',
      'definitions',
      '--expires',
      'must be a time to come, or a number of days such as 90d',
    )
  return endMs
}

/** Names of tools and servers are hostile text. */
const print = (lines: readonly string[]): void => printShown(lines.join('\n'))
