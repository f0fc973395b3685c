// What OCSF asks for and its official JSON Schema export does not check: sums of ids, captions, profiles, empty objects, observables, times, addresses.
import { isIP } from 'node:net'

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const OUTCOMES = { 0: 'Unknown', 1: 'Success', 2: 'Failure' }
const CLASSES: Readonly<
  Record<number, { readonly name: string; readonly activities: Fields; readonly statuses: Fields }>
> = {
  2004: {
    name: 'Detection Finding',
    activities: { 0: 'Unknown', 1: 'Create', 2: 'Update', 3: 'Close' },
    statuses: { 0: 'Unknown', 1: 'New', 2: 'In Progress', 3: 'Suppressed', 4: 'Resolved', 5: 'Archived', 6: 'Deleted' },
  },
  3002: { name: 'Authentication', activities: { 0: 'Unknown', 1: 'Logon', 2: 'Logoff' }, statuses: OUTCOMES },
  6003: {
    name: 'API Activity',
    activities: { 0: 'Unknown', 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete' },
    statuses: OUTCOMES,
  },
}
const CATEGORIES: Fields = { 2: 'Findings', 3: 'Identity & Access Management', 6: 'Application Activity' }
/** Captions by the name of the `_id` attribute and, where a name means several things, the object it stands in. */
const CAPTIONS: Readonly<Record<string, Fields>> = {
  severity_id: { 0: 'Unknown', 1: 'Informational', 2: 'Low', 3: 'Medium', 4: 'High', 5: 'Critical', 6: 'Fatal' },
  confidence_id: { 0: 'Unknown', 1: 'Low', 2: 'Medium', 3: 'High' },
  action_id: { 0: 'Unknown', 1: 'Allowed', 2: 'Denied', 3: 'Observed', 4: 'Modified' },
  disposition_id: { 0: 'Unknown', 1: 'Allowed', 2: 'Blocked', 23: 'Challenge', 27: 'Error' },
  auth_protocol_id: { 0: 'Unknown', 4: 'OpenID', 6: 'OAUTH 2.0' },
  ai_role_id: { 0: 'Unknown', 1: 'User', 2: 'Assistant', 3: 'Tool', 4: 'Agent' },
  'user.type_id': { 0: 'Unknown', 1: 'User', 2: 'Admin', 3: 'System', 4: 'Service' },
  'analytic.type_id': { 0: 'Unknown', 1: 'Rule', 2: 'Behavioral', 3: 'Statistical' },
  'device.type_id': { 0: 'Unknown', 1: 'Server' },
  'authentication_token.type_id': { 0: 'Unknown', 3: 'Identity Token', 4: 'Refresh Token' },
  'observables.type_id': { 1: 'Hostname', 2: 'IP Address', 4: 'User Name', 10: 'Resource UID' },
}
const PROFILES: readonly (readonly [profile: string, attributes: readonly string[], classes: readonly number[]])[] = [
  ['security_control', ['action_id', 'disposition_id', 'authorizations', 'policy'], [2004, 3002, 6003]],
  ['security_control', ['is_alert', 'confidence_id', 'risk_level_id'], [3002, 6003]],
  ['host', ['device'], [2004, 3002, 6003]],
  ['host', ['actor'], [2004]],
  ['ai_operation', ['ai_model', 'ai_agent', 'message_context', 'delegation'], [2004, 3002, 6003]],
  ['trace', ['trace'], [2004, 3002, 6003]],
]
const KNOWN_PROFILES = ['security_control', 'host', 'ai_operation', 'trace', 'cloud', 'osint', 'datetime', 'container']
/** Free content: whatever stands there is the source’s own. */
const FREE = new Set(['unmapped', 'data'])
const VERSION = /^1\.(8|9)\.0$/
const LAST_MS = 253_402_300_799_999

/** One sentence for each fault. */
export function faultsOf(event: Fields): string[] {
  const faults: string[] = []
  const fault = (isWrong: boolean, what: string): void => void (isWrong && faults.push(what))
  const { class_uid: uid, activity_id: activity, type_uid: type, metadata } = event
  const known = CLASSES[uid as number]
  if (known === undefined || !isFields(metadata)) return ['class_uid or metadata is none that we know']
  fault(type !== (uid as number) * 100 + (activity as number), 'type_uid is not class_uid * 100 + activity_id')
  fault(Math.floor((uid as number) / 1000) !== event['category_uid'], 'category_uid is not that of the class')
  const named = (value: unknown, caption: unknown): boolean => value === undefined || value === caption
  fault(!named(event['class_name'], known.name), 'class_name')
  fault(!named(event['category_name'], CATEGORIES[String(event['category_uid'])]), 'category_name')
  if (activity === 99) fault(!isText(event['activity_name']), 'activity_id 99 without activity_name')
  else
    fault(!named(event['activity_name'], known.activities[String(activity)]), 'activity_name contradicts activity_id')
  const typeName = `${known.name}: ${activity === 99 ? 'Other' : String(event['activity_name'])}`
  fault(!named(event['type_name'], typeName), 'type_name')
  fault(!named(event['status'], known.statuses[String(event['status_id'])]), 'status contradicts status_id')
  fault(!VERSION.test(String(metadata['version'])), 'metadata.version is no version of OCSF')
  const profiles = (metadata['profiles'] ?? []) as readonly string[]
  for (const profile of profiles) fault(!KNOWN_PROFILES.includes(profile), `unknown profile ${profile}`)
  for (const [profile, attributes, classes] of PROFILES)
    for (const name of attributes)
      if (classes.includes(uid as number) && event[name] !== undefined)
        fault(!profiles.includes(profile), `${name} without the profile ${profile}`)
  walk(event, '', faults)
  observables(event, faults)
  return faults
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''

function walk(value: Fields, path: string, faults: string[]): void {
  const parent =
    path
      .replace(/\[\d+\]$/, '')
      .split('.')
      .at(-1) ?? ''
  for (const [name, each] of Object.entries(value)) {
    const here = path === '' ? name : `${path}.${name}`
    if (FREE.has(name)) continue
    if (each === '' || each === null) faults.push(`${here} is empty`)
    if (typeof each === 'string' && !each.isWellFormed()) faults.push(`${here} is not well-formed`)
    if (/(^|_)time$/.test(name) && name !== 'original_time' && !isTime(each)) faults.push(`${here} is no time`)
    if (name === 'ip' && isIP(String(each)) === 0) faults.push(`${here} is no address`)
    if (name.endsWith('_id') && typeof each === 'number') caption(value, name, parent, here, faults)
    for (const [child, at] of children(each, here)) {
      if (Object.keys(child).length === 0) faults.push(`${at} is empty`)
      else walk(child, at, faults)
    }
    if (Array.isArray(each) && each.length === 0) faults.push(`${here} is empty`)
  }
  for (const [from, to] of SPANS) {
    const [start, end] = [value[from], value[to]]
    if (typeof start === 'number' && typeof end === 'number' && start > end)
      faults.push(`${path}.${from} is after ${to}`)
  }
}
const SPANS = [
  ['start_time', 'end_time'],
  ['first_seen_time', 'last_seen_time'],
] as const
const isTime = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= LAST_MS
const children = (value: unknown, at: string): (readonly [Fields, string])[] =>
  isFields(value)
    ? [[value, at]]
    : Array.isArray(value)
      ? value.flatMap((each, i) => (isFields(each) ? [[each, `${at}[${i}]`] as const] : []))
      : []

function caption(value: Fields, name: string, parent: string, here: string, faults: string[]): void {
  const sibling = value[name === 'activity_id' ? 'activity_name' : name.slice(0, -3)]
  if (value[name] === 99) {
    if (!isText(sibling)) faults.push(`${here} is 99 and ${name.slice(0, -3)} does not say what`)
    return
  }
  const captions = CAPTIONS[name === 'type_id' ? `${parent}.type_id` : name]
  if (sibling !== undefined && captions !== undefined && captions[String(value[name])] !== sibling)
    faults.push(`${here} is ${value[name]}, and ${name.slice(0, -3)} says ${String(sibling)}`)
  if (name === 'type_id' && captions === undefined) faults.push(`${here}: captions of ${parent} are not known here`)
}

/** An observable points at a place of the event, and says what stands there. */
function observables(event: Fields, faults: string[]): void {
  for (const { name, value } of (event['observables'] ?? []) as readonly Fields[]) {
    const steps = String(name)
      .split(/[.[\]]+/)
      .filter((step) => step !== '')
    const found = steps.reduce<unknown>((at, step) => (at as Fields | undefined)?.[step], event)
    if (found === undefined) faults.push(`observable ${String(name)} points nowhere`)
    else if (value !== undefined && found !== value) faults.push(`observable ${String(name)} is not what stands there`)
  }
}
