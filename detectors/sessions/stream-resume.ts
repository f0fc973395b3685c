/** Streams that are taken up again: by whom, from where, and how soon after they broke. */
import { wasRefused } from '../finding.ts'
import { type Match, NEVER } from '../rule.ts'
import { type Aliases, actsForOwner, isOwner } from './ownership.ts'

/** Who opened the session or its first stream, and where a stream of it broke off last. */
export type StreamOwner = { principal: string; brokenMs: number; brokenAddress: string }
export const noStreams = (): StreamOwner => ({ principal: '', brokenMs: NEVER, brokenAddress: '' })

interface Caller {
  readonly ts: number
  readonly principal: string
  readonly actors: readonly string[]
  readonly sourceAddress: string
  readonly decision: string
  readonly outcome: string
}
export function noteOpened(e: Pick<Caller, 'principal' | 'decision' | 'outcome'>, owner: { principal: string }): void {
  if (owner.principal === '' && !wasRefused(e)) owner.principal = e.principal
}

/** A client that went away may come back at once. */
export function noteBroken(
  e: Pick<Caller, 'ts' | 'sourceAddress'> & { readonly closedBy: string },
  streams: StreamOwner,
): void {
  if (e.closedBy !== 'client') return
  streams.brokenMs = e.ts
  streams.brokenAddress = e.sourceAddress
}

/** A request to go on where a stream ended. Answers who is not its originator, else a sudden other address. */
export function judgeResume(e: Caller, streams: StreamOwner, aliases: Aliases, soonMs: number): Match | undefined {
  const { principal, brokenMs, brokenAddress } = streams
  if (e.principal !== '' && principal !== '' && !isOwner(e.principal, principal, aliases)) {
    const severity = actsForOwner(e.actors, principal, aliases) ? 'low' : wasRefused(e) ? 'medium' : 'high'
    return { severity, saw: `principal ${e.principal} resumes the stream`, expected: `principal ${principal}` }
  }
  if (wasRefused(e) || e.ts - brokenMs > soonMs) return undefined
  if (brokenAddress === '' || e.sourceAddress === '' || e.sourceAddress === brokenAddress) return undefined
  return {
    // A laptop that changes its network looks the same; that it is the same person is known only with a principal.
    severity: e.principal === '' ? 'medium' : 'low',
    saw: `resumed from address ${e.sourceAddress}, ${e.ts - brokenMs} ms after the client had gone`,
    expected: `address ${brokenAddress}`,
  }
}

/** First protocol version without sessions and resumption; versions are dates. */
const FIRST_MODERN_VERSION = '2026-07-28'
/** Whether a server serves the stateless protocol alone, and when what does not belong there was reported last. */
export type Eras = { isModernOnly: boolean; reportedMs: number }
export const noEras = (): Eras => ({ isModernOnly: false, reportedMs: NEVER })
export function noteVersions(e: { readonly supportedVersions: readonly string[] }, eras: Eras): void {
  const { supportedVersions: versions } = e
  eras.isModernOnly = versions.length > 0 && versions.every((version) => version >= FIRST_MODERN_VERSION)
}

interface Headers {
  readonly ts: number
  readonly lastEventIdPresent: boolean
  readonly sessionHeaderPresent: boolean
}
export function judgeRelics(e: Headers, eras: Eras, repeatMs: number): Match | undefined {
  if (!eras.isModernOnly || (!e.lastEventIdPresent && !e.sessionHeaderPresent)) return undefined
  if (e.ts - eras.reportedMs < repeatMs) return undefined
  eras.reportedMs = e.ts
  return {
    severity: 'info',
    saw: e.lastEventIdPresent ? 'a Last-Event-ID header' : 'a session header',
    expected: 'neither: this server has no sessions and nothing to resume',
  }
}
