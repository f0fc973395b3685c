/** Values of query parameters: checked by name and type here, then handed to the engine beside the statement, never written into it. */
import { AuditdError } from '../../schemas/errors.ts'
import type { NamedQuery, QueryParameter } from './catalogue.ts'

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/
const TEXT_CHARS = 4_096
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
}

/** `name=value`, as on the command line, added to those before. */
export function withParameter(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = text.indexOf('=')
  const name = at < 0 ? text : text.slice(0, at)
  if (at < 0 || !NAME.test(name)) throw refused(name, 'must be NAME=VALUE')
  if (Object.hasOwn(before, name)) throw refused(name, 'is given twice')
  return { ...before, [name]: text.slice(at + 1) }
}

/** What the query is asked with, defaults included. Throws AuditdError('usage') that names the parameter. */
export function parametersOf(
  query: NamedQuery,
  given: Readonly<Record<string, string>>,
  nowMs: number,
): Record<string, string> {
  const known = query.parameters.map(({ name }) => name)
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown !== undefined) throw refused(unknown, `@${query.name} has no such parameter; it has ${known.join(', ')}`)
  if (query.needs.length > 0 && query.needs.every((name) => (given[name] ?? '') === ''))
    throw refused(query.needs.join(' or '), `@${query.name} needs one of them`)
  return Object.fromEntries(
    query.parameters.map((parameter) => {
      const value = given[parameter.name] ?? parameter.default
      if (value === undefined || (parameter.default === undefined && value === ''))
        throw refused(parameter.name, `@${query.name} needs it: ${parameter.description}`)
      return [parameter.name, engineValue(parameter, value, nowMs)]
    }),
  )
}

/** The value as the engine reads it. */
function engineValue({ name, type }: QueryParameter, value: string, nowMs: number): string {
  if (type === 'String') {
    if (value.length > TEXT_CHARS) throw refused(name, `is longer than ${TEXT_CHARS} characters`)
    return value
  }
  const bits = /^UInt(8|16|32|64)$/.exec(type)?.[1]
  if (bits !== undefined) {
    if (!/^\d{1,20}$/.test(value) || BigInt(value) >= 2n ** BigInt(bits))
      throw refused(name, `must be a whole number below 2^${bits}`)
    return value
  }
  return columnTime(timeOf(name, value, nowMs))
}

/** `2026-11-24T10:00:00Z`, `2026-11-24`, `now`, or so long ago: `90s`, `30m`, `24h`, `7d`, `2w`. Milliseconds since 1970. */
function timeOf(name: string, value: string, nowMs: number): number {
  if (value === 'now') return nowMs
  const ago = /^(\d{1,6})([smhdw])$/.exec(value)
  if (ago !== null) return Math.max(0, nowMs - Number(ago[1]) * UNIT_MS[ago[2]!]!)
  const day = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/.exec(value)?.[1]
  const dayMs = day === undefined ? Number.NaN : Date.parse(day)
  // Date.parse takes the 31st of February for the 3rd of March.
  const isDay = !Number.isNaN(dayMs) && new Date(dayMs).toISOString().startsWith(day!)
  const ms = isDay ? Date.parse(value) : Number.NaN
  if (!(ms >= 0 && ms < Date.UTC(2262, 0)))
    throw refused(name, 'must be a time such as 2026-11-24T10:00:00Z, or so long ago: 30m, 24h, 7d')
  return ms
}
const columnTime = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').replace('Z', '')

const refused = (name: string, reason: string): AuditdError =>
  new AuditdError('usage', 'query', `--param ${name.slice(0, 64)}`, reason)
