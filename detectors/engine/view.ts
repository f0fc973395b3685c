/** A wire event as rules see it: one small object with the hot words as fields and every other word read when asked for. */
import { createHash } from 'node:crypto'
import type { AuditEvent } from '../../schemas/event.ts'
import type { HandleSeen } from '../../schemas/events/calls.ts'
import type { Definition } from '../../schemas/events/registry.ts'
import { millisecondsOf } from './event-time.ts'
import { type Inventory, type InventoryKind, type Listing, NO_INVENTORY } from './inventory.ts'
import { type EventType, type HandleFields, MAPPINGS, type MentionFields } from './vocabulary.ts'

type Wire = Readonly<Record<string, unknown>>
const text = (value: unknown): string => (value === undefined ? '' : (value as string))

/** The words that keys and most conditions use are fields: copied once, then one load each, whatever rule reads them. */
export class View {
  readonly wire: Wire
  readonly type: EventType
  readonly ts: number
  readonly id: string
  readonly tenant: string
  readonly server: string
  readonly principal: string
  readonly client: string
  readonly session: string
  readonly request: string
  readonly tool: string
  readonly decision: string
  readonly outcome: string
  readonly inventory: Inventory
  constructor(wire: Wire, type: EventType, ts: number, server: string, tool: string, inventory = NO_INVENTORY) {
    this.wire = wire
    this.inventory = inventory
    this.type = type
    this.ts = ts
    this.id = wire['eventId'] as string
    this.tenant = text(wire['tenant'])
    this.server = server
    this.principal = text(wire['principalKey'])
    this.client = text(wire['clientKey'])
    this.session = text(wire['sessionFp'])
    this.request = text(wire['requestUid'])
    this.tool = tool
    this.decision = text(wire['decision'])
    this.outcome = text(wire['outcome'])
  }
  says(name: string): boolean {
    return this.wire[MAPPINGS.get(name)?.field ?? name] !== undefined
  }
  tagsOf(kind: InventoryKind, name: string): readonly string[] {
    return this.inventory.tagsOf(kind, this.server, name)
  }
  listingOf(kind: InventoryKind, name: string): Listing {
    return this.inventory.listingOf(kind, this.server, name)
  }
}
/** Words of views that were read already, by word: many rules ask for the same ones, and looking into the wire event is dear. */
const readOf: (View | undefined)[] = []
const read: unknown[] = []
const COPIED = new Set(Object.getOwnPropertyNames(new View({ eventId: '' }, 'tool.call', 0, '', '')))
for (const { name, field, absent } of MAPPINGS.values()) {
  if (COPIED.has(name)) continue
  const at = read.push(undefined) - 1
  readOf.push(undefined)
  Object.defineProperty(View.prototype, name, {
    get(this: View) {
      if (readOf[at] === this) return read[at]
      const value = this.wire[field] ?? absent
      readOf[at] = this
      read[at] = value
      return value
    },
  })
}

export class HandleView extends View implements HandleFields {
  readonly handle: string
  readonly handleKind: HandleFields['handleKind']
  readonly handlePolicy: HandleFields['handlePolicy']
  readonly handlePath: string
  readonly inList: boolean
  constructor(base: View, type: EventType, kind: HandleFields['handleKind'], seen: HandleSeen) {
    super(base.wire, type, base.ts, base.server, base.tool, base.inventory)
    this.handle = seen.fp
    this.handleKind = kind
    this.handlePolicy = seen.policy ?? 'unknown'
    this.handlePath = seen.path ?? ''
    this.inList = seen.inList ?? false
  }
  get resultReturned(): boolean {
    return this.wire['resultReturned'] === true
  }
}

const PART_HASHES = ['descriptionHash', 'inputHash', 'outputHash', 'annotationsHash', 'metaHash'] as const
const PART_NAMES = ['hash', ...PART_HASHES, 'titleHash', 'wordingHash', 'nameKey'] as const
const PART_NUMBERS = ['schemaChars', 'schemaDepth', 'subschemas'] as const
const PART_LISTS = [
  'inputFields',
  'inputShape',
  'annotations',
  'findings',
  'verdicts',
  'mentions',
  'externalRefs',
  'requiredScopes',
  'mirrored',
  'tags',
] as const
export class DefinitionView extends View {
  readonly part: Definition
  constructor(base: View, part: Definition) {
    super(base.wire, 'definition.seen', base.ts, base.server, part.name, base.inventory)
    this.part = part
  }
  get nameSkeleton(): string {
    return this.part.nameKey ?? text(this.wire['nameSkeleton'])
  }
  /** One short hash of what the definition says apart from its name: equal for a renamed tool. Needs a description and a schema. */
  get parts(): string {
    if (!this.part.descriptionHash || !this.part.inputHash) return ''
    const all = PART_HASHES.map((field) => this.part[field] ?? '').join(' ')
    return createHash('sha256').update(all).digest('base64url').slice(0, 22)
  }
}
const partGetter = (name: keyof Definition, absent: unknown) =>
  Object.defineProperty(DefinitionView.prototype, name, {
    get(this: DefinitionView) {
      return this.part[name] ?? absent
    },
  })
for (const name of PART_NAMES) partGetter(name, '')
for (const name of PART_NUMBERS) partGetter(name, 0)
for (const name of PART_LISTS) partGetter(name, Object.freeze([]))

/** A revocation concerns its subject, whoever told it: the subject stands in the word of its kind, and nobody else in the others. */
function aboutSubject(event: Extract<AuditEvent, { eventType: 'identity.revoked' }>): Wire {
  const { subjectKind, subjectKey } = event
  const of = (kind: typeof subjectKind) => (subjectKind === kind ? subjectKey : undefined)
  return { ...event, principalKey: of('principal'), clientKey: of('client'), tokenFp: of('token') }
}

/** A name as people read it, of a name that is ASCII: letters and digits, 0 as o and 1 as l where there are letters (definition.nameKey). */
const skeletonOf = (name: string): string => {
  const bare = name.toLowerCase().replace(/[^a-z0-9]/g, '')
  return /[a-z]/.test(bare) ? bare.replaceAll('0', 'o').replaceAll('1', 'l') : bare
}
export class MentionView extends View implements MentionFields {
  readonly mention: string
  readonly nameSkeleton: string
  readonly verdicts: readonly string[]
  constructor(base: View, tool: string, mention: string, verdicts: readonly string[]) {
    super(base.wire, 'tool.mentioned', base.ts, base.server, tool, base.inventory)
    this.mention = mention
    this.nameSkeleton = skeletonOf(mention)
    this.verdicts = verdicts
  }
}
/** Mentions of one event that are looked at: a list of many tools may hold very many. */
const MAX_MENTIONED = 256
function mentionsOf(base: View, definitions: readonly Definition[]): readonly View[] {
  if (!definitions.some(({ mentions }) => mentions !== undefined && mentions.length > 0)) return NONE
  const own = new Set(definitions.map(({ name }) => name))
  return definitions
    .flatMap(({ name, mentions = [], verdicts = [] }) =>
      mentions.filter((each) => !own.has(each)).map((each) => new MentionView(base, name, each, verdicts)),
    )
    .slice(0, MAX_MENTIONED)
}

/** `server` is the event’s own, as one text for all its events where the caller has one. */
export const viewOf = (event: AuditEvent, server = event.serverId, inventory?: Inventory): View =>
  new View(
    event.eventType === 'identity.revoked' ? aboutSubject(event) : (event as unknown as Wire),
    event.eventType,
    millisecondsOf(event.eventTime),
    server,
    text(event.toolName),
    inventory,
  )

/** A requestState, a task and an elicitation belong to whom they were made for; a handle in arguments says its policy itself. */
const PRIVATE = 'private' as const
const single = (base: View, type: EventType, kind: HandleFields['handleKind'], fp: unknown): readonly View[] =>
  typeof fp === 'string' && fp !== '' ? [new HandleView(base, type, kind, { fp, policy: PRIVATE })] : NONE
const listed = (base: View, type: EventType, seen: unknown): readonly View[] =>
  Array.isArray(seen) && seen.length > 0
    ? (seen as HandleSeen[]).map((handle) => new HandleView(base, type, 'argument', handle))
    : NONE
const NONE: readonly View[] = []
/** Most events derive nothing: no allocation for them. */
const joined = (a: readonly View[], b: readonly View[]): readonly View[] =>
  b.length === 0 ? a : a.length === 0 ? b : [...a, ...b]

/** The derived rule events of one event, in the order of its lists. */
export function derivedViews(base: View): readonly View[] {
  const wire = base.wire
  switch (base.type) {
    case 'tool.call': {
      const state = single(base, 'handle.presented', 'state', wire['stateFp'])
      const task = single(base, 'handle.presented', 'task', wire['taskFp'])
      return joined(joined(listed(base, 'handle.presented', wire['argHandles']), state), task)
    }
    case 'tool.result':
      return listed(base, 'handle.minted', wire['mintedHandles'])
    case 'mrtr.input_required':
      return single(base, 'handle.minted', 'state', wire['stateFp'])
    case 'mrtr.retry':
      return single(base, 'handle.presented', 'state', wire['stateFp'])
    case 'task.created':
      return single(base, 'handle.minted', 'task', wire['taskFp'])
    case 'task.accessed':
      return single(base, 'handle.presented', 'task', wire['taskFp'])
    case 'elicitation.requested':
      return single(base, 'handle.minted', 'elicitation', wire['handleFp'])
    case 'tools.registry': {
      const definitions = wire['definitions'] as readonly Definition[] | undefined
      if (definitions === undefined) return NONE
      const seen = definitions.map((part) => new DefinitionView(base, part))
      return joined(seen, mentionsOf(base, definitions))
    }
    default:
      return NONE
  }
}
