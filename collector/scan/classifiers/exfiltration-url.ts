/**
 * URLs that carry data away when they are fetched: slots for secrets or talk in query, path or host, images that are loaded without a
 * click, long encoded payloads, and hosts that exist to record what they are sent (collector-hosts.ts). `domains` names the host.
 */
import type { Classifier, Hit, Reading, Subject, Surface } from '../classifier.ts'
import { remembered } from '../remembered.ts'
import { TRAIT } from '../traits.ts'
import { isIn, LETTER } from './alphabet.ts'
import { type HostClass, hostClass } from './collector-hosts.ts'

const SURFACES: ReadonlySet<Surface> = new Set([
  'definition',
  'instructions',
  'arguments',
  'result',
  'resource',
  'prompt',
  'elicitation',
  'sampling',
  'error',
])
const MAX_URL_CHARACTERS = 2_048
const MAX_URLS = 512
const MAX_HITS = 16

/** A slot that is to be filled: {x}, {{x}}, ${x}, $(x), <x>, [X], %s. */
const SLOT =
  /\{\{?\s{0,4}[\w .-]{1,60}\}?\}|\$\{?[A-Za-z_]\w{1,60}\}?|\$\([^)\s]{1,80}|<[A-Za-z][\w .-]{1,60}>|\[[A-Z][A-Z_ ]{2,60}\]|%s\b|`[^`\s]{1,80}`/g
/** Names of slots for what nobody puts into a URL: talk, prompts, files, secrets, what was read. */
const INTIMATE =
  /conversation|chat|history|transcript|prompt|secret|password|passwd|credential|private|env\b|environ|cookie|ssh|file.?content|stolen|exfil|base64|b64|user.?data|user.?input|memory|context|system|message|summary|whoami|hostname|leak|data\b|\bresult|response|output|content/i
/** Slots that an API documents: its own identifiers. */
const ADDRESS_SLOT =
  /^\W*(?:id|name|owner|repo|org|project|region|version|host|port|user_?(?:name|id)|account|path|tenant|page|slug|key|locale|lang|bucket|domain|(?!api)\w{1,24}_?(?:id|name|key|slug))\W*$/i
const ENCODED = /[A-Za-z0-9+/_-]{80,2000}={0,2}|(?:[0-9a-f]{2}){40,1000}/i
const SENDS =
  /\b(?:send|post|upload|forward|submit|transmit|exfiltrate|report|fetch|curl|wget|beacon|load|render|display|include)\w{0,4}\b/i
/** Characters before a URL that are looked at for what is done with it. */
const BEFORE = 60

export const exfiltrationUrl: Classifier = {
  name: 'exfiltration-url',
  version: '1.0.0',
  surfaces: SURFACES,
  needs: TRAIT.slash,
  check(reading: Reading, subject: Subject): readonly Hit[] {
    const { text } = reading
    let at = text.indexOf('://')
    if (at < 0) return NONE
    const hits: Hit[] = []
    for (let urls = 0; at >= 0 && urls < MAX_URLS && hits.length < MAX_HITS; urls++) {
      const start = schemeStart(text, at)
      const end = urlEnd(text, at + 3)
      if (start < at) {
        const hit = judge(text, start, at + 3, end, subject)
        if (hit !== undefined) hits.push(hit)
      }
      at = text.indexOf('://', Math.max(end, at + 3))
    }
    return hits
  },
}

const NONE: readonly Hit[] = []

function schemeStart(text: string, at: number): number {
  let start = at
  while (start > 0 && at - start < 12 && isIn(text, start - 1, LETTER)) start--
  return start
}

/** Up to a blank, a quotation mark or a closing bracket that was not opened inside. */
function urlEnd(text: string, from: number): number {
  const limit = Math.min(text.length, from + MAX_URL_CHARACTERS)
  let open = 0
  for (let end = from; end < limit; end++) {
    const code = text.charCodeAt(end)
    if (code === 40 || code === 123 || code === 91 || code === 60) open++
    else if (code === 41 || code === 125 || code === 93 || code === 62) {
      if (open === 0) return end
      open--
    } else if (code === 34 || code === 39 || (code <= 32 && open === 0) || code === 10) return end
  }
  return limit
}

const HOST_SCORE: Readonly<Record<HostClass, number>> = {
  bin: 0.7,
  tunnel: 0.45,
  drop: 0.3,
  public_address: 0.3,
  disguised_address: 0.7,
  look_alike: 0.7,
  hostile: 0.7,
  ordinary: 0,
}

function judge(text: string, start: number, hostStart: number, end: number, subject: Subject): Hit | undefined {
  const rest = text.slice(hostStart, end)
  const slash = rest.search(/[/?#]/)
  const authority = slash < 0 ? rest : rest.slice(0, slash)
  const after = slash < 0 ? '' : rest.slice(slash)
  const sign = authority.lastIndexOf('@')
  const host = hostOf(sign < 0 ? authority : authority.slice(sign + 1))
  if (host.length < 3 || (!host.includes('.') && !/^\d|^0x/.test(host) && !host.includes('{'))) return undefined
  const isRead = subject.surface === 'result' || subject.surface === 'resource' || subject.surface === 'error'
  const kind = hostClass(host, after)
  let score = HOST_SCORE[kind]
  let what = kind === 'ordinary' ? '' : kind
  // https://known.example@other.example
  if (sign > 0 && /\.[a-z]{2,}/i.test(authority.slice(0, sign)) && !authority.slice(0, sign).includes(':')) {
    score = Math.max(score, 0.6)
    what ||= 'userinfo'
  }
  const isImage = loadsItself(text, start)
  const slot = intimateSlot(after)
  const hostSlot = intimateSlot(authority)
  if (hostSlot > 0) {
    score = Math.max(score, hostSlot === 2 ? 0.8 : 0.3)
    what ||= 'host_slot'
  }
  if (slot > 0) {
    const own = isImage ? (slot === 2 ? 0.9 : 0.6) : slot === 2 ? 0.6 : 0.3
    score = Math.max(score, score > 0.25 ? own + 0.2 : own)
    what ||= 'slot'
  }
  // A fetched page is full of signed and tracked links; an image that loads itself with a payload is less usual, a bin with one even less.
  if ((isImage || score >= 0.3) && ENCODED.test(after)) {
    score = Math.max(score, isImage && !isRead ? 0.6 : 0.3, score >= 0.3 ? score + 0.15 : 0)
    what ||= 'payload'
  }
  if (score >= 0.3 && kind !== 'ordinary' && SENDS.test(text.slice(Math.max(0, start - BEFORE), start))) score += 0.15
  // A page may mention any host; what matters there is that something is sent to it.
  if (isRead && kind !== 'ordinary' && what === kind && score <= HOST_SCORE[kind]) score *= 0.65
  if (score < 0.3) return undefined
  score = Math.min(0.95, Math.round(score * 100) / 100)
  return {
    class: `exfiltration.${what}`,
    score,
    verdict: score >= 0.8 ? 'malicious' : score >= 0.5 ? 'suspicious' : 'benign',
    start,
    end,
    domains: [host],
  }
}

/** Without a port and the punctuation of a sentence. */
const hostOf = remembered((authority) =>
  authority
    .replace(/:\d{1,5}$/, '')
    .replace(/[.,;:!]+$/, '')
    .toLowerCase(),
)

/** What stands right before the URL of an image or a tag. */
const LEADS = '("\'=\t\n\r '
/** A markdown image or an HTML tag that is fetched without a click. */
function loadsItself(text: string, start: number): boolean {
  if (start === 0 || !LEADS.includes(text[start - 1]!)) return false
  const lead = text.slice(Math.max(0, start - 120), start)
  return (
    /!\[[^\]\n]{0,100}\]\($/.test(lead) ||
    /<(?:img|iframe|script|link|audio|video|embed|source)\b[^<>]{0,100}(?:src|href)\s{0,3}=\s{0,3}["']?$/i.test(lead)
  )
}

/** 2: a slot for talk or secrets; 1: any other slot that is no address; 0: none. */
function intimateSlot(part: string): 0 | 1 | 2 {
  if (!/[{$<[%`]/.test(part)) return 0
  let worst: 0 | 1 | 2 = 0
  for (const [slot] of part.matchAll(SLOT)) {
    if (ADDRESS_SLOT.test(slot)) continue
    if (INTIMATE.test(slot)) return 2
    worst = 1
  }
  return worst
}
