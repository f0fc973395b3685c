/** Facts fed in from outside (deployments, approvals, revocations, inventories, advisories), one JSON object each, as candidate events. */
import { randomUUID } from 'node:crypto'
import { type AuditEvent, type EventType, parseEvent, TYPE_FIELDS } from '../schemas/event.ts'
import { governance } from '../schemas/events/governance.ts'
import { LIMITS } from '../schemas/field.ts'
import type { DeadLetter } from '../schemas/ports.ts'
import { EVERY_SERVER } from '../schemas/topics.ts'
import { deadLetter } from './dead-letter.ts'
import type { Fingerprint } from './foreign.ts'
import type { Reader, Readings } from './normalize.ts'
import { isObject } from './sources/json-fields.ts'

const TYPES: ReadonlySet<string> = new Set([...Object.keys(governance), 'tool.approved', 'tool.approval.revoked'])
/** Short words for fields of the envelope; every other key is a field of the type. */
const WORDS: Readonly<Record<string, string>> = {
  type: 'eventType',
  id: 'eventId',
  time: 'eventTime',
  server: 'serverId',
  tool: 'toolName',
  principal: 'principalKey',
  client: 'clientKey',
}
/** Names of one event. A longer inventory is sent in parts. */
const PART = LIMITS.listLength

class Fault extends Error {
  readonly field: string
  constructor(field: string, reason: string) {
    super(reason)
    this.field = field
  }
}

/** One that is wrong costs its neighbours nothing. A record whose `type` is no fact is refused by name. */
export function readFacts(records: readonly unknown[], { caller, atMs, fingerprint }: Reader): Readings {
  const candidates: unknown[] = []
  const refused: DeadLetter[] = []
  for (const record of records)
    try {
      candidates.push(...eventsOf(record, atMs, fingerprint))
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      refused.push(deadLetter('facts', error.field, error.message, caller.tenant, atMs, record))
    }
  return { candidates, refused, ignored: 0 }
}

function eventsOf(record: unknown, atMs: number, fingerprint: Fingerprint | undefined): readonly AuditEvent[] {
  if (!isObject(record)) throw new Fault('', 'must be an object')
  const { issuer, subject, tags, ...rest } = record
  const event: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(rest)) {
    const field = Object.hasOwn(WORDS, name) ? WORDS[name]! : name
    if (Object.hasOwn(event, field)) throw new Fault(name, `and ${field} are the same`)
    event[field] = value
  }
  const type = event['eventType']
  if (typeof type !== 'string' || !TYPES.has(type)) throw new Fault('type', `must be one of ${[...TYPES].join(', ')}`)
  const fields = TYPE_FIELDS[type as EventType]
  const known = [...Object.values(WORDS), ...Object.keys(fields), 'eventTime']
  const unknown = Object.keys(event).find((field) => !known.includes(field))
  if (unknown !== undefined) throw new Fault(unknown, `${type} has no such field`)
  event['eventTime'] ??= new Date(atMs).toISOString()
  event['serverId'] ??= EVERY_SERVER
  if (subject !== undefined || issuer !== undefined) event['subjectKey'] = keyOf(type, issuer, subject, fingerprint)
  if (tags !== undefined) event['tags'] = tagsOf(tags)
  return partsOf(event).map((part) => {
    const parsed = parseEvent({ eventId: randomUUID(), ...part, source: 'ingest', vantage: 'server' })
    if ('fault' in parsed) throw new Fault(parsed.fault.field, parsed.fault.reason)
    return parsed.event
  })
}

/** A person as the identity provider names them; only the keyed hash goes on. */
function keyOf(type: string, issuer: unknown, subject: unknown, fingerprint: Fingerprint | undefined): string {
  if (typeof issuer !== 'string' || typeof subject !== 'string')
    throw new Fault('subject', 'issuer and subject must both be texts')
  if (!('subjectKey' in TYPE_FIELDS[type as EventType])) throw new Fault('subject', `${type} is about nobody`)
  if (fingerprint === undefined)
    throw new Fault('subject', 'needs the key of the producers (MCP_AUDIT_KEY); or give subjectKey as a keyed hash')
  return fingerprint('principals', `${issuer}\u0000${subject}`)
}

/** `{name: [tag, …]}` or `["name=tag", …]`. */
function tagsOf(tags: unknown): readonly string[] {
  if (Array.isArray(tags)) return tags as readonly string[]
  if (!isObject(tags)) throw new Fault('tags', 'must be a list of name=tag, or an object of lists')
  return Object.entries(tags).flatMap(([name, all]) => {
    const list = Array.isArray(all) ? all : [all]
    if (list.some((tag) => typeof tag !== 'string')) throw new Fault(`tags.${name}`, 'must be texts')
    return list.map((tag) => `${name}=${String(tag)}`)
  })
}

/** An inventory of any length as events of a bounded one, numbered: whoever reads them takes all or none. */
function partsOf(event: Record<string, unknown>): readonly Record<string, unknown>[] {
  const { approved = [], tags = [] } = event
  if (event['eventType'] !== 'inventory.snapshot' || !Array.isArray(approved) || !Array.isArray(tags)) return [event]
  const parts = Math.ceil(Math.max(approved.length, tags.length) / PART)
  if (parts <= 1) return [event]
  const { eventId: _, ...same } = event
  return Array.from({ length: parts }, (_, at) => ({
    ...same,
    approved: approved.slice(at * PART, (at + 1) * PART),
    tags: tags.slice(at * PART, (at + 1) * PART),
    part: at + 1,
    snapshotParts: parts,
  }))
}
