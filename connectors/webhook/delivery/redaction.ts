/** What a target leaves out of an alert: its readers see `[redacted]` in the field, and wherever else the value stands. Pure. */
import type { Alert } from '../../../schemas/alert.ts'
import type { Redactable } from '../../../schemas/target-config.ts'

const GONE = '[redacted]'
/** Titles name principals by their beginning. */
const SHORT_CHARS = 12
/** Names in the entity and in evidence under which values of a kind stand. */
const NAMES: Readonly<Partial<Record<Redactable, RegExp>>> = {
  principal: /principal|subject|actor|owner|approver|asker|user|^sub$/i,
  client: /client|azp|appid/i,
  session: /session|handle/i,
  tool: /tool|name(Key|Skeleton)/i,
}

/** The same alert without what the target may not tell. Ids, rule, severity, server and times stay: they are what one asks further by. */
export function redactAlert(alert: Alert, redact: readonly Redactable[]): Alert {
  if (redact.length === 0) return alert
  const isGone = (field: Redactable): boolean => redact.includes(field)
  const hidden = hiddenValues(alert, redact)
  const clean = (text: string): string => without(text, hidden)
  const query = clean(alert.query)
  return {
    ...alert,
    principalKey: isGone('principal') ? gone(alert.principalKey) : clean(alert.principalKey),
    clientKey: isGone('client') ? gone(alert.clientKey) : clean(alert.clientKey),
    sessionFp: isGone('session') ? gone(alert.sessionFp) : clean(alert.sessionFp),
    toolName: isGone('tool') ? gone(alert.toolName) : clean(alert.toolName),
    entity: isGone('entity') ? gone(alert.entity) : cleanEntity(alert.entity, redact, clean),
    // A title may quote what was seen, or hold a name in another form: there is no telling which of its words did.
    title:
      isGone('saw') || isGone('evidence') || alert.title.includes('…') || !hidden.every((value) => PLAIN.test(value))
        ? `${alert.rule} on ${clean(alert.serverId)}`
        : clean(alert.title),
    severityReason: clean(alert.severityReason),
    statusReason: clean(alert.statusReason),
    saw: isGone('saw') ? gone(alert.saw) : clean(alert.saw),
    expected: isGone('saw') ? gone(alert.expected) : clean(alert.expected),
    evidence: cleanEvidence(alert.evidence, redact, clean),
    // One that was cut does not run.
    query: isGone('query') || query !== alert.query ? GONE : query,
  }
}
const gone = (text: string): string => (text === '' ? '' : GONE)

/** A name that stands in a title as it is: not cut, without what titles leave out. */
const PLAIN = /^[!-~]{1,100}$/

/** Every text that must not be read, in each form it is written in, the longest first. */
function hiddenValues(alert: Alert, redact: readonly Redactable[]): readonly string[] {
  const values = new Set<string>()
  const add = (value: unknown): void => {
    for (const text of [value].flat().map(String))
      if (text !== '') for (const form of [text, inEntity(text), ofEntity(text), inSql(text)]) values.add(form)
  }
  const own: Readonly<Partial<Record<Redactable, string>>> = {
    principal: alert.principalKey,
    client: alert.clientKey,
    session: alert.sessionFp,
    tool: alert.toolName,
  }
  for (const field of redact) {
    add(own[field] ?? '')
    for (const [name, value] of pairsOf(alert.entity)) {
      if (NAMES[field]?.test(name)) add(value)
      if (field === 'entity' && value !== alert.serverId) add(value)
    }
    for (const [name, value] of Object.entries(alert.evidence)) if (NAMES[field]?.test(name)) add(value)
  }
  if (redact.includes('entity')) add(alert.entity)
  for (const value of [...values]) if (value.length > SHORT_CHARS) values.add(value.slice(0, SHORT_CHARS))
  return [...values].sort((a, b) => b.length - a.length)
}

/** Whole words alone: a tool that is called `a` does not take every a with it. */
function without(text: string, hidden: readonly string[]): string {
  let cleaned = text
  for (const value of hidden) {
    if (!cleaned.includes(value)) continue
    const literal = value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    cleaned = cleaned.replace(new RegExp(`(?<![\\p{L}\\p{N}_])${literal}(?![\\p{L}\\p{N}_])`, 'gu'), GONE)
  }
  return cleaned
}

/** `column=value` pairs of an entity: in values spaces and = are escaped. */
const pairsOf = (entity: string): readonly (readonly [name: string, value: string])[] =>
  entity.split(' ').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at === -1 ? [] : [[pair.slice(0, at), pair.slice(at + 1)] as const]
  })
const inEntity = (value: string): string => value.replace(/[%=\s]/g, encodeURIComponent)
const inSql = (value: string): string => value.replace(/[\\']/g, '\\$&')
function ofEntity(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

const cleanEntity = (entity: string, redact: readonly Redactable[], clean: (text: string) => string): string =>
  entity
    .split(' ')
    .map((pair) => {
      const [name = ''] = pair.split('=')
      return name !== pair && redact.some((field) => NAMES[field]?.test(name)) ? `${name}=${GONE}` : clean(pair)
    })
    .join(' ')

const cleanEvidence = (
  evidence: Alert['evidence'],
  redact: readonly Redactable[],
  clean: (text: string) => string,
): Alert['evidence'] =>
  Object.fromEntries(
    Object.entries(evidence).map(([name, value]) => {
      if (redact.includes('evidence') || redact.some((field) => NAMES[field]?.test(name))) return [name, GONE]
      if (typeof value === 'number') return [name, value]
      return [clean(name), typeof value === 'string' ? clean(value) : value.map(clean)]
    }),
  )
