/** The words rules use: one mapping from the wire fields of an AuditEvent to the short names of rule events. */
import { z } from 'zod'
import { type EnvelopeField, envelope } from '../../schemas/envelope.ts'
import { TYPE_FIELDS, type EventType as WireType } from '../../schemas/event.ts'
import type { Definition } from '../../schemas/events/registry.ts'
import type { InventoryKind, Listing } from './inventory.ts'

/** Short name -> wire field of the envelope. Fields of a type keep their wire name; the two sets share no name (checked below). */
export const ENVELOPE_NAMES = {
  id: 'eventId',
  tenant: 'tenant',
  identityTenant: 'tenantKey',
  server: 'serverId',
  principal: 'principalKey',
  principalKind: 'principalKind',
  actors: 'actorKeys',
  client: 'clientKey',
  clientKind: 'clientKind',
  clientName: 'clientName',
  clientVersion: 'clientVersion',
  session: 'sessionFp',
  correlation: 'correlationKey',
  request: 'requestUid',
  logicalCall: 'logicalCallId',
  method: 'method',
  tool: 'toolName',
  definition: 'definitionHash',
  decision: 'decision',
  outcome: 'outcome',
  errorCode: 'errorCode',
  durationMs: 'durationMs',
  transport: 'transport',
  era: 'era',
  protocolVersion: 'protocolVersion',
  producer: 'producerId',
  sourceAddress: 'sourceAddressFp',
  addressClass: 'addressClass',
  hop: 'hop',
  build: 'buildDigest',
  serverName: 'serverName',
  serverVersion: 'serverVersion',
  trace: 'traceId',
  isTraceClaimed: 'traceClientSupplied',
  vantage: 'vantage',
  source: 'source',
  labels: 'labels',
  unscannedBytes: 'unscannedBytes',
  serverClaimed: 'serverClaimed',
  flags: 'flags',
} as const satisfies Readonly<Record<string, EnvelopeField>>
export type EnvelopeName = keyof typeof ENVELOPE_NAMES

/** A value as rules see it: never absent. '' stands for an absent text or choice, 0, false and [] for the others. */
type Seen<S extends z.ZodType> =
  NonNullable<z.infer<S>> extends infer V
    ? V extends readonly (infer E)[]
      ? readonly E[]
      : V extends string
        ? string extends V
          ? string
          : V | ''
        : V extends boolean
          ? boolean
          : V
    : never
type Named = { readonly [N in EnvelopeName]: Seen<(typeof envelope)[(typeof ENVELOPE_NAMES)[N]]> }

/** What every rule may read without requiring it. `ts` is the event time in whole milliseconds since 1970. */
export type Envelope = Pick<Named, 'id' | 'tenant' | 'server' | 'decision' | 'outcome'> & {
  readonly ts: number
  /** Whether the producer said it at all: tells `false` from not known. */
  says(name: EnvelopeName | WireFieldName): boolean
  /** What people said of it (`inventory.snapshot`), as the log stood at this event. A rule that asks declares `asksInventory`. */
  tagsOf(kind: InventoryKind, name: string): readonly string[]
  listingOf(kind: InventoryKind, name: string): Listing
}
type WireFieldName = { [T in WireType]: keyof (typeof TYPE_FIELDS)[T] }[WireType]

/**
 * One handle of an event. `handleKind` is where it lives: argument, state (requestState), task, elicitation;
 * `inList` tells that it stood among others in a list result.
 */
export interface HandleFields {
  readonly handle: string
  readonly handleKind: 'argument' | 'state' | 'task' | 'elicitation'
  readonly handlePolicy: 'private' | 'shared' | 'unknown'
  readonly handlePath: string
  readonly inList: boolean
  /** The result behind the handle was handed out (tasks). */
  readonly resultReturned: boolean
}
/**
 * One definition of a registry event; `tool` is its name. `parts` hashes all parts but the name, '' when none is known. An empty list
 * stands for one the producer did not send: `inputShape` of a schema has at least the line of its root.
 */
export type DefinitionFields = {
  readonly [F in Exclude<keyof Definition, 'name'>]-?: Seen<z.ZodType<Definition[F]>>
} & {
  readonly parts: string
  /** `nameKey`, as the column of the scope `fleetTool`. */
  readonly nameSkeleton: string
  readonly scopeSetHash: string
  readonly locale: string
}
/** A definition names a tool that its server does not list. `tool` is whose definition it is, `mention` the name as it stands there. */
export interface MentionFields {
  readonly mention: string
  readonly nameSkeleton: string
  /** Classes and their verdicts of the definition that names it. */
  readonly verdicts: readonly string[]
}
/** Rule events derived from parts of a wire event: an event with three handles is seen once itself and once per handle. */
interface DerivedEvents {
  'handle.minted': Named & HandleFields
  'handle.presented': Named & HandleFields
  'definition.seen': Named & DefinitionFields
  'tool.mentioned': Named & MentionFields
}
type WireEvents = {
  [T in WireType]: Named &
    Added<T> & { readonly [F in keyof (typeof TYPE_FIELDS)[T]]: SeenField<(typeof TYPE_FIELDS)[T][F]> }
}
/** Words that views add to a wire event: what was revoked stands as `principal`, `client` or `tokenFp`, whichever it is. */
type Added<T> = T extends 'identity.revoked' ? { readonly tokenFp: string } : unknown
type SeenField<S> = S extends z.ZodType ? Seen<S> : never
/** Rule events by type: the fields a rule can require. */
export type AuditEvents = WireEvents & DerivedEvents
export type EventType = keyof AuditEvents
export const DERIVED_TYPES = ['handle.minted', 'handle.presented', 'definition.seen', 'tool.mentioned'] as const
/** Wire types a derived type is made from: it can be seen where one of them is. */
export const DERIVED_FROM: Readonly<Record<(typeof DERIVED_TYPES)[number], readonly WireType[]>> = {
  'handle.minted': ['tool.result', 'mrtr.input_required', 'task.created', 'elicitation.requested'],
  'handle.presented': ['tool.call', 'mrtr.retry', 'task.accessed'],
  'definition.seen': ['tools.registry'],
  'tool.mentioned': ['tools.registry'],
}
export const isDerived = (type: string): type is (typeof DERIVED_TYPES)[number] =>
  (DERIVED_TYPES as readonly string[]).includes(type)

/** What stands for an absent value of this schema. */
function absentOf(schema: z.ZodType): string | number | boolean | readonly never[] {
  const inner = schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema
  if (inner instanceof z.ZodArray) return EMPTY
  if (inner instanceof z.ZodBoolean) return false
  return inner instanceof z.ZodNumber ? 0 : ''
}
const EMPTY: readonly never[] = Object.freeze([])

export interface FieldMapping {
  readonly name: string
  readonly field: string
  readonly absent: string | number | boolean | readonly never[]
  /** Text that must be lower-case hex on the wire. */
  readonly isId: boolean
}
const mapping = (name: string, field: string, schema: z.ZodType): FieldMapping => ({
  name,
  field,
  absent: absentOf(schema),
  isId: (z.globalRegistry.get(schema) as { unit?: string } | undefined)?.unit === 'id',
})
const byName = new Map<string, FieldMapping>()
for (const [name, field] of Object.entries(ENVELOPE_NAMES)) byName.set(name, mapping(name, field, envelope[field]))
for (const fields of Object.values(TYPE_FIELDS))
  for (const [field, schema] of Object.entries(fields as Record<string, z.ZodType>)) {
    const next = mapping(field, field, schema)
    const known = byName.get(field)
    if (known !== undefined && (known.field !== field || typeof known.absent !== typeof next.absent))
      throw new Error(`vocabulary: ${field}: two fields of different kind share this name`)
    byName.set(field, next)
  }
/** Every short name of a wire event. */
export const MAPPINGS: ReadonlyMap<string, FieldMapping> = byName
