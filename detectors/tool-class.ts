/**
 * What a tool is in a flow of data: it brings in what strangers wrote, reads what is private, carries data out, or does what cannot be
 * undone. Inferred from its name, schema and annotations and from what it was seen to do; tags of an inventory decide where there are any.
 */

export const TOOL_CLASSES = ['untrusted_source', 'private_data', 'egress', 'destructive'] as const
export type ToolClass = (typeof TOOL_CLASSES)[number]
/** One bit for each class: a cell keeps a number. */
export const CLASS: Readonly<Record<ToolClass, number>> = {
  untrusted_source: 1,
  private_data: 1 << 1,
  egress: 1 << 2,
  destructive: 1 << 3,
}
export const isOf = (bits: number, ...classes: readonly ToolClass[]): boolean =>
  classes.some((each) => (bits & CLASS[each]) !== 0)
export const classNames = (bits: number): readonly ToolClass[] => TOOL_CLASSES.filter((each) => isOf(bits, each))

/** A tag that says a tool is none of them, whatever it looks like. */
export const NO_CLASS_TAG = 'no_flow'
/** Tags decide where one of them names a class or says there is none. */
export function taggedClasses(tags: readonly string[]): number | undefined {
  let bits = 0
  let isSaid = false
  for (const tag of tags) {
    if (tag === NO_CLASS_TAG) isSaid = true
    if (!Object.hasOwn(CLASS, tag)) continue
    bits |= CLASS[tag as ToolClass]
    isSaid = true
  }
  return isSaid ? bits : undefined
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))
const FETCHING = words('fetch browse crawl scrape navigate goto visit')
const READING = words('get read list search find query show view open download retrieve lookup load export select dump')
const WRITING = words('create add write update set edit insert comment open')
const SENDING = words('send post publish upload share reply forward notify tweet push submit broadcast dispatch mailto')
const DESTROYING = words(
  'delete remove drop destroy truncate purge wipe erase kill terminate transfer pay refund revoke uninstall format',
)
const RUNNING = words('run execute exec eval shell command bash terminal process powershell')
/** Names of these are of what stands outside, whatever is done with it. */
const WEB = words('browser web webpage website http https internet feed rss')
/** Where strangers write, when it is read. */
const OUTSIDE = words(
  'url urls page issue issues comment comments pr review reviews email emails mail mails inbox message messages thread threads ' +
    'tweet tweets ticket tickets',
)
const PRIVATE = words(
  'file files directory folder email emails mail mails inbox message messages calendar event events contact contacts document ' +
    'documents doc docs drive note notes secret secrets credential credentials password passwords database db sql table record ' +
    'records customer customers account accounts profile transaction transactions env environment history clipboard private repo',
)
const MAX_NAME = 128
const MAX_WORDS = 16

/** `readMailBox`, `read-mail_box` -> read, mail, box. */
function wordsOf(name: string): readonly string[] {
  const spaced = name.slice(0, MAX_NAME).replace(/([a-z0-9])([A-Z])/g, '$1 $2')
  return spaced.toLowerCase().split(/[^a-z0-9]+/, MAX_WORDS)
}
const hasAny = (some: readonly string[], set: ReadonlySet<string>): boolean => some.some((word) => set.has(word))

/** What the name alone says. Asked once for each tool: its cell keeps the answer. */
export function classesByName(name: string): number {
  const said = wordsOf(name)
  const sends = hasAny(said, SENDING)
  const destroys = hasAny(said, DESTROYING)
  const writes = hasAny(said, WRITING)
  const reads = hasAny(said, READING) && !sends && !destroys
  const isWeb = hasAny(said, WEB)
  const isOutside = isWeb || hasAny(said, OUTSIDE)
  const changes = sends || destroys || writes
  let bits = 0
  if (hasAny(said, FETCHING) || (!changes && (isWeb || (reads && isOutside)))) bits |= CLASS.untrusted_source
  if (reads && hasAny(said, PRIVATE)) bits |= CLASS.private_data
  if (sends || (isOutside && writes)) bits |= CLASS.egress
  if (destroys || (!reads && hasAny(said, RUNNING))) bits |= CLASS.destructive
  return bits
}

const RECIPIENTS = words('to cc bcc recipient recipients webhook channel')
/** Beside one of these `to` is the end of a range. */
const RANGE = words('from since start begin after')
const ADDRESSES = words('url uri link')
/** What a definition adds: names of its parameters (a required one begins with `!`), and annotations such as `readOnlyHint=true`. */
export function classesByDefinition(
  name: string,
  inputFields: readonly string[],
  annotations: readonly string[],
): number {
  const isReadOnly = annotations.includes('readOnlyHint=true')
  const byName = classesByName(name)
  const isRead = isReadOnly || hasAny(wordsOf(name), READING)
  let bits = byName
  const fields = inputFields.slice(0, 64).map((field) => (field.startsWith('!') ? field.slice(1) : field).toLowerCase())
  const hasRange = hasAny(fields, RANGE)
  for (const plain of fields) {
    if (RECIPIENTS.has(plain) && !isRead && !(plain === 'to' && hasRange)) bits |= CLASS.egress
    if (ADDRESSES.has(plain) && byName === 0 && isReadOnly) bits |= CLASS.untrusted_source
  }
  if (annotations.includes('destructiveHint=true') && !isReadOnly) bits |= CLASS.destructive
  // The server says it changes nothing: what its name sounds like is then only a manner of speaking.
  return isReadOnly ? bits & ~CLASS.destructive : bits
}

const CHANGING_VERBS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])
interface Outbound {
  readonly verb: string
  readonly ipClass: string
  readonly argumentMatch: boolean
}
/** A request to a public host that the caller named: what it brings back or carries away is for a stranger to choose. */
export const classesByOutbound = ({ verb, ipClass, argumentMatch }: Outbound): number =>
  !argumentMatch || ipClass !== 'public' ? 0 : CHANGING_VERBS.has(verb) ? CLASS.egress : CLASS.untrusted_source

/** Files that are deleted, and programs that run what the caller wrote. */
export const classesBySideEffect = (effectKind: string, argumentMatch: boolean): number =>
  effectKind === 'file_delete' || (effectKind === 'exec' && argumentMatch) ? CLASS.destructive : 0
