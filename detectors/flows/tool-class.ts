/**
 * What a tool is in a flow of data: it brings in what strangers wrote, reads what is private, carries data out, or does what cannot be
 * undone. Inferred from its name, schema and annotations and from what it was seen to do; tags of an inventory decide where there are any.
 */

export const TOOL_CLASSES = ['untrusted_source', 'private_data', 'egress', 'destructive'] as const
export type ToolClass = (typeof TOOL_CLASSES)[number]
/** One bit for each class: a cell keeps a number. */
export const CLASS = Object.fromEntries(TOOL_CLASSES.map((name, place) => [name, 2 ** place])) as Readonly<
  Record<ToolClass, number>
>
export const isOf = (bits: number, ...classes: readonly ToolClass[]): boolean =>
  classes.some((each) => (bits & CLASS[each]) !== 0)
export const classNames = (bits: number): readonly ToolClass[] => TOOL_CLASSES.filter((each) => isOf(bits, each))
/** No bit. */
const NONE = 0
const bitsOf = (classes: readonly ToolClass[]): number => classes.reduce((bits, each) => bits | CLASS[each], NONE)
/** What a tag says; the last one says that a tool is none of them, whatever it looks like. */
const TAGS: ReadonlyMap<string, readonly ToolClass[]> = new Map<string, readonly ToolClass[]>([
  ...TOOL_CLASSES.map((each) => [each, [each]] as const),
  ['no_flow', []],
])
/** Tags decide where one of them names a class or says there is none. */
export function taggedClasses(tags: readonly string[]): number | undefined {
  const said = tags.flatMap((tag) => TAGS.get(tag) ?? [])
  return tags.some((tag) => TAGS.has(tag)) ? bitsOf(said) : undefined
}

/** What a word in a name, the name of a parameter or an annotation may say. */
const SIGNS = {
  fetching: 'fetch browse crawl scrape navigate goto visit',
  reading: 'get read list search find query show view open download retrieve lookup load export select dump',
  writing: 'create add write update set edit insert comment open',
  sending: 'send post publish upload share reply forward notify tweet push submit broadcast dispatch mailto',
  destroying:
    'delete remove drop destroy truncate purge wipe erase kill terminate transfer pay refund revoke uninstall format',
  running: 'run execute exec eval shell command bash terminal process powershell',
  // Names of these are of what stands outside, whatever is done with it.
  web: 'browser web webpage website http https internet feed rss',
  // Where strangers write, when it is read.
  outside:
    'url urls page issue issues comment comments pr review reviews email emails mail mails inbox message messages thread threads ' +
    'tweet tweets ticket tickets browser web webpage website http https internet feed rss',
  private:
    'file files directory folder email emails mail mails inbox message messages calendar event events contact contacts document ' +
    'documents doc docs drive note notes secret secrets credential credentials password passwords database db sql table record ' +
    'records customer customers account accounts profile transaction transactions env environment history clipboard private repo',
} as const
const PARAMETERS = {
  recipient: 'cc bcc recipient recipients webhook channel',
  to: 'to',
  // Beside one of these `to` is the end of a range.
  range: 'from since start begin after',
  address: 'url uri link',
} as const
const ANNOTATIONS = { readOnly: 'readOnlyHint=true', destructive: 'destructiveHint=true' } as const
/** `unclear`: its name says nothing. */
type Sign = keyof typeof SIGNS | keyof typeof PARAMETERS | keyof typeof ANNOTATIONS | 'unclear'

/** Word -> what it says. */
function dictionary(table: Readonly<Partial<Record<Sign, string>>>): ReadonlyMap<string, readonly Sign[]> {
  const signs = new Map<string, Sign[]>()
  for (const [sign, text] of Object.entries(table))
    for (const word of text.split(' ')) signs.set(word, [...(signs.get(word) ?? []), sign as Sign])
  return signs
}
const SAID_BY_NAME = dictionary(SIGNS)
const SAID_BY_PARAMETER = dictionary(PARAMETERS)
const SAID_BY_ANNOTATION = dictionary(ANNOTATIONS)
const signsOf = (words: readonly string[], said: ReadonlyMap<string, readonly Sign[]>): readonly Sign[] =>
  words.flatMap((word) => said.get(word) ?? [])

/** A class, all the signs it takes, and those that speak against it. */
const ROWS: readonly (readonly [is: ToolClass, all: readonly Sign[], none: readonly Sign[]])[] = [
  ['untrusted_source', ['fetching'], []],
  ['untrusted_source', ['web'], ['sending', 'destroying', 'writing']],
  ['untrusted_source', ['reading', 'outside'], ['sending', 'destroying', 'writing']],
  ['untrusted_source', ['address', 'readOnly', 'unclear'], []],
  ['private_data', ['reading', 'private'], ['sending', 'destroying']],
  ['egress', ['sending'], []],
  ['egress', ['outside', 'writing'], []],
  ['egress', ['recipient'], ['reading', 'readOnly']],
  ['egress', ['to'], ['reading', 'readOnly', 'range']],
  // A server that says it changes nothing: what its name sounds like is then only a manner of speaking.
  ['destructive', ['destroying'], ['readOnly']],
  ['destructive', ['running'], ['readOnly', 'reading']],
  ['destructive', ['running', 'sending'], ['readOnly']],
  ['destructive', ['destructive'], ['readOnly']],
]
const classesBySigns = (signs: readonly Sign[]): number =>
  bitsOf(
    ROWS.filter(
      ([, all, none]) => all.every((each) => signs.includes(each)) && !none.some((each) => signs.includes(each)),
    ).map(([is]) => is),
  )

const MAX_NAME = 128
const MAX_WORDS = 16
const MAX_PARAMETERS = 64

/** `readMailBox`, `read-mail_box` -> read, mail, box. */
function wordsOf(name: string): readonly string[] {
  const spaced = name.slice(0, MAX_NAME).replace(/([a-z0-9])([A-Z])/g, '$1 $2')
  return spaced.toLowerCase().split(/[^a-z0-9]+/, MAX_WORDS)
}
const signsOfName = (name: string): readonly Sign[] => signsOf(wordsOf(name), SAID_BY_NAME)
/** What the name alone says. Asked once for each tool: its cell keeps the answer. */
export const classesByName = (name: string): number => classesBySigns(signsOfName(name))

/** What a definition adds: names of its parameters (a required one begins with `!`), and annotations such as `readOnlyHint=true`. */
export function classesByDefinition(
  name: string,
  inputFields: readonly string[],
  annotations: readonly string[],
): number {
  const byName = signsOfName(name)
  const unclear: readonly Sign[] = classesBySigns(byName) === NONE ? ['unclear'] : []
  const fields = inputFields.slice(0, MAX_PARAMETERS).map((field) => field.replace(/^!/, '').toLowerCase())
  return classesBySigns([
    ...byName,
    ...unclear,
    ...signsOf(fields, SAID_BY_PARAMETER),
    ...signsOf(annotations, SAID_BY_ANNOTATION),
  ])
}

const BY_VERB: ReadonlyMap<string, number> = new Map(['POST', 'PUT', 'PATCH'].map((verb) => [verb, CLASS.egress]))
interface Outbound {
  readonly verb: string
  readonly argumentMatch: boolean
}
/** A request to a public host that the caller named: what it brings back or carries away is for a stranger to choose. */
export const classesByOutbound = ({ verb, argumentMatch }: Outbound): number =>
  argumentMatch ? (BY_VERB.get(verb) ?? CLASS.untrusted_source) : NONE

/** Files that are deleted, and programs that run what the caller wrote. */
export const classesBySideEffect = (effectKind: string, argumentMatch: boolean): number =>
  effectKind === 'file_delete' || (effectKind === 'exec' && argumentMatch) ? CLASS.destructive : NONE
