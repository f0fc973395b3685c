/** The recording as templates: one process with its client, or one session at a server that goes on; nothing in it was made by hand. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

export type Fields = Readonly<Record<string, unknown>>
export interface TemplateEvent {
  readonly fields: Fields
  /** ms since the beginning of the template. */
  readonly offsetMs: number
  /** Number of the request it belongs to, in order of appearance: people and agents think between requests. */
  readonly beat: number
}
export interface Template {
  readonly kind: string
  /** Where in the recording it comes from. */
  readonly name: string
  /** A process for each client: its whole life is in the template. */
  readonly isProcess: boolean
  readonly events: readonly TemplateEvent[]
  readonly beats: number
  /** Recorded principals in it. */
  readonly personas: readonly string[]
  /** Shortest life of its tokens, ms; Infinity without. */
  readonly tokenLifeMs: number
  readonly startMs: number
}
export interface ServerKind {
  readonly kind: string
  readonly isProcess: boolean
  /** What a process of the server says when it starts, before anyone comes. */
  readonly prologue: readonly Fields[]
  readonly epilogue: readonly Fields[]
  readonly sessions: readonly Template[]
  readonly personas: readonly { readonly key: string; readonly isWorkload: boolean }[]
  /** Requests carry tokens. */
  readonly isProtected: boolean
}

interface RunLine {
  readonly kind: string
  readonly serverId: string
  readonly fromMs: number
  readonly toMs: number
}
const FOLDER = join(import.meta.dirname, '../fixtures/haystack')
/** Runs that are of the same server. */
const SAME: Readonly<Record<string, string>> = { 'orders-express-expiry': 'orders-express-v1' }
/** Who is told apart within one run: sessions of several people one after the other. */
const DIVIDED = /^orders-(?!oauth)/
const OF_PROCESS = new Set([
  'server.started',
  'server.stopped',
  'server.spawned',
  'server.heartbeat',
  'auth.metadata.published',
])
/** Within so many events a process has said how it starts. */
const OPENING = 12
const OF_CLIENT =
  /^(http\.request|client\.hello|auth\.|authz|session\.|stream\.|tool\.|oauth\.|content|resource\.|prompt\.|mrtr|completion)/

const text = (fields: Fields, name: string): string => (fields[name] as string | undefined) ?? ''
const msOf = (fields: Fields): number => Date.parse(text(fields, 'eventTime'))

export function loadKinds(folder = FOLDER): ServerKind[] {
  const events = gunzipSync(readFileSync(join(folder, 'recording.ndjson.gz')))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Fields)
  const runs = JSON.parse(readFileSync(join(folder, 'runs.json'), 'utf8')) as readonly RunLine[]
  return kindsOf(events, runs)
}

export function kindsOf(events: readonly Fields[], runs: readonly RunLine[]): ServerKind[] {
  const found = new Map<string, { prologue: Fields[]; epilogue: Fields[]; sessions: Template[]; isProcess: boolean }>()
  for (const run of runs) {
    const mine = events.filter((fields) => {
      const ms = msOf(fields)
      return ms >= run.fromMs && ms <= run.toMs && (run.serverId === '' || fields['serverId'] === run.serverId)
    })
    for (const [serverId, all] of Map.groupBy(mine, (fields) => text(fields, 'serverId'))) {
      const recorded = run.serverId === '' ? serverId : run.kind
      const kind = SAME[recorded] ?? recorded
      const sorted = all.toSorted((a, b) => (text(a, 'eventTime') < text(b, 'eventTime') ? -1 : 1))
      const isProcess = sorted.every((fields) => !/http|sse/.test(text(fields, 'transport')))
      const known = found.get(kind) ?? { prologue: [], epilogue: [], sessions: [], isProcess }
      found.set(kind, known)
      if (!sorted.some((fields) => OF_CLIENT.test(text(fields, 'eventType')))) continue
      if (isProcess) known.sessions.push(templateOf(kind, run.kind, true, sorted))
      else {
        const ofProcess = ({ eventType, requestUid, sessionFp }: Fields): boolean =>
          OF_PROCESS.has(eventType as string) ||
          (/registry|identity/.test(eventType as string) && !requestUid && !sessionFp)
        // A server says what it has when it starts; for each session again where each has a server object of its own.
        const opening = sorted.filter(
          (fields, at) => ofProcess(fields) && at < OPENING && fields['eventType'] !== 'server.stopped',
        )
        if (known.prologue.length === 0) known.prologue.push(...opening)
        known.epilogue.splice(0, 1, ...sorted.filter(({ eventType }) => eventType === 'server.stopped').slice(-1))
        const body = sorted.filter((fields) => !OF_PROCESS.has(text(fields, 'eventType')) && !opening.includes(fields))
        const parts = DIVIDED.test(run.kind) ? divided(body) : [body]
        for (const part of parts) known.sessions.push(templateOf(kind, run.kind, false, part))
      }
    }
  }
  return [...found]
    .filter(([, { sessions }]) => sessions.length > 0)
    .map(([kind, known]) => {
      const all = known.sessions.flatMap(({ events: each }) => each.map(({ fields }) => fields))
      const keys = [...new Set(all.map((fields) => text(fields, 'principalKey')))].filter((key) => key !== '').sort()
      const isWorkload = (key: string): boolean =>
        all.some((fields) => fields['principalKey'] === key && fields['principalKind'] === 'workload')
      return {
        kind,
        ...known,
        personas: keys.map((key) => ({ key, isWorkload: isWorkload(key) })),
        isProtected: all.some(({ eventType }) => eventType === 'auth.token.validated'),
      }
    })
}

/** At each change of the person. What nobody is known for stays with the one before. */
function divided(body: readonly Fields[]): Fields[][] {
  const parts: Fields[][] = []
  let current = ''
  for (const fields of body) {
    const principal = text(fields, 'principalKey')
    if (parts.length === 0 || (principal !== '' && current !== '' && principal !== current)) parts.push([])
    if (principal !== '') current = principal
    parts.at(-1)!.push(fields)
  }
  return parts
}

function templateOf(kind: string, name: string, isProcess: boolean, all: readonly Fields[]): Template {
  const startMs = msOf(all[0]!)
  const beats = new Map<string, number>()
  let beat = 0
  let tokenLifeMs = Number.POSITIVE_INFINITY
  const events = all.map((fields): TemplateEvent => {
    const request = text(fields, 'requestUid')
    if (request !== '') {
      const known = beats.get(request)
      if (known === undefined) beats.set(request, ++beat)
    }
    const [expAt, issuedAt] = [fields['expAt'], fields['issuedAt']] as (number | undefined)[]
    if (fields['decision'] === 'allow' && expAt !== undefined && issuedAt !== undefined && expAt > issuedAt)
      tokenLifeMs = Math.min(tokenLifeMs, (expAt - issuedAt) * 1_000)
    return { fields, offsetMs: msOf(fields) - startMs, beat: request === '' ? beat : beats.get(request)! }
  })
  const personas = [...new Set(all.map((fields) => text(fields, 'principalKey')))].filter((key) => key !== '').sort()
  return { kind, name, isProcess, events, beats: beat + 1, personas, tokenLifeMs, startMs }
}
