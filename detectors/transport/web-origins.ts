/** Pages of browsers that reach a server: whether it wants them, and whether it is reached under a name of its own. */
import { keepNewest } from '../newest.ts'
import type { Match } from '../rule.ts'
import { hostOf, isLoopback } from './addresses.ts'

const MAX_ALLOWED = 24
const MAX_ALLOWED_CHARS = 100
const MAX_REFUSED = 64

/** What a server says of its listener, and the refusals of late. */
export type WebOrigins = {
  /** It has said which origins it takes. */
  isSaid: boolean
  allowed: string[]
  isLocal: boolean
  refusedMs: number[]
}
export const noOrigins = (): WebOrigins => ({ isSaid: false, allowed: [], isLocal: false, refusedMs: [] })

interface Started {
  readonly allowedOrigins: readonly string[]
  readonly bindAddress: string
  says(name: 'allowedOrigins'): boolean
}
export function noteListener(e: Started, known: WebOrigins): void {
  known.isSaid = e.says('allowedOrigins')
  known.allowed = e.allowedOrigins.slice(0, MAX_ALLOWED).map((origin) => origin.slice(0, MAX_ALLOWED_CHARS))
  noteBind(e.bindAddress, known)
}
function noteBind(address: string, known: WebOrigins): void {
  if (address !== '') known.isLocal = isLoopback(hostOf(address))
}

export interface OriginLimits {
  readonly allowedOrigins: readonly string[]
  readonly ownHosts: readonly string[]
  readonly burst: number
  readonly burstMs: number
}
interface Request {
  readonly ts: number
  readonly origin: string
  readonly host: string
  readonly bindAddress: string
  readonly refusal: string
  readonly processed: boolean
  readonly outcome: string
  readonly forwardedProto: string
  readonly hop: string
}

export function judgeOrigin(e: Request, known: WebOrigins, limits: OriginLimits): Match | undefined {
  noteBind(e.bindAddress, known)
  if (e.refusal === 'origin' || e.refusal === 'host') return judgeRefused(e, known, limits)
  if (!e.processed || e.outcome === 'denied') return undefined
  return foreignHost(e, known, limits) ?? foreignOrigin(e, known, limits)
}

function judgeRefused(e: Request, known: WebOrigins, { burst, burstMs }: OriginLimits): Match | undefined {
  known.refusedMs = [...known.refusedMs, e.ts].filter((ms) => e.ts - ms < burstMs)
  keepNewest(MAX_REFUSED, known.refusedMs)
  const times = known.refusedMs.length
  if (times < burst) return undefined
  known.refusedMs = []
  return {
    severity: 'medium',
    saw: `${times} requests refused by ${e.refusal}, the last one from ${e.origin || 'no origin'} for ${e.host || 'no host'}`,
    expected: 'a page that stops when it is refused',
    evidence: { times, windowMs: burstMs },
  }
}

/** A listener that only this machine can reach, asked by another name: a page made its own name point here. */
function foreignHost(e: Request, { isLocal }: WebOrigins, { ownHosts }: OriginLimits): Match | undefined {
  if (!isLocal) return undefined
  const host = hostOf(e.host)
  if (host === '' || isLoopback(host) || ownHosts.includes(host)) return undefined
  // A proxy before it hands on the name that it is known by.
  if (e.forwardedProto !== '' || e.hop === 'gateway') return undefined
  const severity = e.origin === '' ? 'medium' : 'high'
  return {
    severity,
    saw: `a local listener asked for as ${host}`,
    expected: 'a name of this machine, or one of ownHosts',
  }
}

function foreignOrigin(e: Request, known: WebOrigins, limits: OriginLimits): Match | undefined {
  const { origin } = e
  if (origin === '') return undefined
  const allowed = [...known.allowed, ...limits.allowedOrigins]
  if (allowed.some((each) => isLike(each, origin))) return undefined
  const saw = `a page of ${origin} was served`
  if (known.isSaid || limits.allowedOrigins.length > 0)
    return { severity: 'high', saw, expected: allowed.slice(0, 8).join(' ') || 'no origin at all' }
  // Programs with a scheme of their own, pages of this machine, and the server’s own pages.
  const host = hostOf(e.host)
  const from = hostOf(origin)
  if (!/^(https?:|null$)/i.test(origin) || isLoopback(from) || from === host) return undefined
  const isLocal = known.isLocal || isLoopback(host)
  return { severity: isLocal ? 'high' : 'medium', saw, expected: 'an origin that the server says it takes' }
}

/** `*` stands for anything, once. */
function isLike(pattern: string, origin: string): boolean {
  const star = pattern.indexOf('*')
  if (star < 0) return pattern.toLowerCase() === origin.toLowerCase()
  const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)]
  return origin.length >= head.length + tail.length && origin.startsWith(head) && origin.endsWith(tail)
}
