/** URLs that make a server fetch what only it can reach: metadata services, the own machine, other schemes, hosts in disguise. */
import { type Address, addressOf } from '../address-forms.ts'
import { ARGUMENTS, attack, isDocument } from '../attack.ts'
import type { Classifier, Hit, Subject } from '../classifier.ts'
import { pathForm } from '../path-form.ts'
import { remembered } from '../remembered.ts'
import { sensitivityOf } from '../sensitive-paths.ts'
import { TRAIT } from '../traits.ts'

const NOTHING: readonly Hit[] = []
const MAX_URLS = 64

const METADATA_NAMES =
  /^(?:metadata(?:\.google\.internal|\.goog|\.azure\.(?:com|internal)|\.packet\.net|\.platformequinix\.com)?|instance-data(?:\.ec2\.internal)?|rancher-metadata|kubernetes\.default(?:\.svc(?:\.cluster\.local)?)?)$/
const OWN_NAMES =
  /^(?:localhost|(?:[\w-]{1,63}\.){1,8}localhost|localhost\.localdomain|localhost[46]|ip6-localhost|ip6-loopback|loopback)$/
/** Names that resolve to any address one writes into them, or to the own machine, or to another address each time. */
const REBINDING =
  /(?:^|\.)(?:nip\.io|sslip\.io|xip\.io|xip\.name|backname\.io|localtest\.me|lvh\.me|vcap\.me|lacolhost\.com|localho\.st|1u\.ms|rbndr\.us|rebind\.network|rebind\.it|localdomain\.pw|fuf\.me|ulh\.us|42foo\.com|bugbounty\.dod\.network|r3dir\.me)$/
const CALLBACK =
  /(?:^|\.)(?:burpcollaborator\.net|oastify\.com|interact\.sh|oast\.(?:pro|live|site|online|fun|me)|dnslog\.cn|ceye\.io|bxss\.me|canarytokens\.com)$/

/** Schemes that no tool fetches in good faith; those with `browser` a browser does. */
const SCHEMES: ReadonlyMap<string, number> = new Map([
  ['gopher', 0.95],
  ['dict', 0.95],
  ['netdoc', 0.95],
  ['jar', 0.9],
  ['phar', 0.95],
  ['php', 0.95],
  ['expect', 0.95],
  ['ldap', 0.85],
  ['ldaps', 0.8],
  ['ldapi', 0.9],
  ['tftp', 0.9],
  ['rmi', 0.95],
  ['zlib', 0.9],
  ['glob', 0.7],
  ['compress.zlib', 0.95],
  ['ogg', 0.8],
  ['local_file', 0.95],
  ['file-xhr', 0.9],
  ['javascript', 0.85],
  ['vbscript', 0.95],
  ['smb', 0.7],
  ['sftp', 0.6],
  ['unix', 0.7],
])
/** Tools that fetch what they are told: for them `file:` and the own machine are out of place. A browser is driven at home too. */
const FETCHES =
  /fetch|request|download|crawl|scrap|web_?hook|curl|wget|http|proxy|import|preview|screenshot_url|read_url|get_url|url_|notify|callback|load/i
const BROWSES = /browser|playwright|puppeteer|navigate|chrome|selenium|page|devtools/i
/** Where one develops. */
const DEVELOPMENT_PORTS = /^(?:3\d{3}|4\d{3}|5[0-4]\d\d|5[5-9]\d\d|7\d{3}|8\d{3}|9000|9090|1[0-9]{4})$/

/** Scheme and authority; what follows is looked at only, since another URL may begin in it. */
const URL =
  /(?:url:)?([a-z][a-z0-9+._-]{0,20}):(?:[/\\]{1,4})?([^\s"'<>`|^{}/\\?#]{0,300})(?=([/\\?#][^\s"'<>`]{0,512})?)/gi

export const ssrf: Classifier = {
  name: 'ssrf',
  version: '1',
  surfaces: ARGUMENTS,
  needs: TRAIT.slash | TRAIT.backslash | TRAIT.dot | TRAIT.nonAscii | TRAIT.parenthesis,
  check(reading, subject) {
    const { text } = reading
    if (subject.isKey === true || subject.role === 'sql' || isDocument(reading, subject)) return NOTHING
    const hits: Hit[] = []
    if (text.includes(':')) inUrls(text, subject, hits)
    if (hits.length === 0 && subject.role === 'url') bareHost(text.trim(), hits)
    return hits
  },
}

function inUrls(text: string, subject: Subject, hits: Hit[]): void {
  let count = 0
  URL.lastIndex = 0
  for (let match = URL.exec(text); match !== null && count < MAX_URLS; match = URL.exec(text)) {
    count++
    const [begin, scheme, authority = '', rest = ''] = match
    const whole = begin + rest
    const score = scoreOf(scheme!.toLowerCase(), whole, authority, rest, subject, match.index === 0)
    if (score > 0) hits.push(aimed(authority, attack('ssrf', score, match.index, match.index + whole.length)))
    if (!text.includes(':', URL.lastIndex)) return
  }
}

/** Names the host, so that one's own can be told from others. */
function aimed(authority: string, hit: Hit): Hit {
  const { host } = splitPort(authority.slice(authority.lastIndexOf('@') + 1))
  return host === '' || host.length > 253 ? hit : { ...hit, domains: [host.toLowerCase().toWellFormed()] }
}

function scoreOf(
  scheme: string,
  whole: string,
  authority: string,
  rest: string,
  subject: Subject,
  isFirst: boolean,
): number {
  const odd = SCHEMES.get(scheme)
  // `dict:`, `jar:` or `php:` in running text may be a word and a colon.
  if (odd !== undefined && (isFirst || /^[\w.+-]{1,21}:\/\//.test(whole))) {
    const isFetched = subject.role === 'url' || FETCHES.test(subject.toolName)
    if (/^[\w.+-]{1,21}:\/\//.test(whole) || scheme === 'jar' || scheme === 'javascript' || scheme === 'vbscript')
      return isFetched || odd >= 0.9 ? odd : 0
  }
  if (scheme === 'file') return fileScore(whole, subject)
  if (!/^(?:https?|wss?|ftp|url|any)$/.test(scheme) || !/^\w{1,8}:[/\\]/.test(whole)) return 0
  return hostScore(authority, rest, subject)
}

function fileScore(whole: string, subject: Subject): number {
  if (sensitivityOf(pathForm(whole).resolved) > 0) return 0.95
  return subject.role === 'url' && FETCHES.test(subject.toolName) && !BROWSES.test(subject.toolName) ? 0.8 : 0
}

function hostScore(authority: string, rest: string, subject: Subject): number {
  const at = authority.lastIndexOf('@')
  const { host, port } = splitPort(authority.slice(at + 1))
  const direct = targetScore(host, port, subject)
  if (direct > 0) return direct
  if (at >= 0) {
    // `http://trusted.example@evil.example`, or an address where a password should be.
    const user = authority.slice(0, at)
    if (user.split(/[:@]/).some((part) => targetScore(part, '', subject) >= 0.7)) return 0.9
    if (/^[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.[a-z]{2,12}(?::\d{1,5})?$/i.test(user) || user.includes('@')) return 0.8
  }
  // What one parser takes for the path another takes for the host: `http://a\@b`, `http://a#@b`.
  if (/^[\\#?]{1,4}@[\w.-]{1,253}/.test(rest)) return 0.85
  return /[^\x00-\x7f]/.test(host) && /^[\x00-\x7f]+$/.test(host.normalize('NFKC')) ? 0.8 : 0
}

function splitPort(host: string): { host: string; port: string } {
  const bracketed = /^\[([^\]]{0,64})\](?::(\d{0,5}))?/.exec(host)
  if (bracketed !== null) return { host: bracketed[1]!, port: bracketed[2] ?? '' }
  const colon = host.indexOf(':')
  return colon < 0 ? { host, port: '' } : { host: host.slice(0, colon), port: host.slice(colon + 1) }
}

function targetScore(host: string, port: string, subject: Subject): number {
  const target = targetOf(host)
  if (typeof target === 'number') return target
  return target === 'own' ? ownMachine(port, subject) : addressScore(target, port, subject)
}

/** What a host is, or the score that its name alone gives. */
const targetOf = remembered((host): Address | 'own' | number => {
  const name = host.toLowerCase().replace(/\.$/, '')
  if (name === '') return 0
  const address = addressOf(name)
  if (address !== undefined) return address
  if (METADATA_NAMES.test(name)) return 0.95
  if (REBINDING.test(name)) return 0.9
  if (CALLBACK.test(name)) return 0.8
  return OWN_NAMES.test(name) ? 'own' : 0
})

function addressScore({ kind, isCanonical }: Address, port: string, subject: Subject): number {
  if (kind === 'metadata') return 0.98
  if (!isCanonical) return kind === 'public' ? 0.6 : 0.95
  if (kind === 'public') return 0
  if (kind === 'link_local') return 0.85
  return ownMachine(kind === 'private' ? '' : port, subject)
}

/** The own machine or network in plain spelling: an attack on a tool that fetches for others, daily work for one that drives a browser. */
function ownMachine(port: string, { toolName, role }: Subject): number {
  if (role !== 'url' || BROWSES.test(toolName)) return 0
  return DEVELOPMENT_PORTS.test(port) ? 0 : FETCHES.test(toolName) ? 0.75 : 0.6
}

/** A host without a scheme. Private addresses are what such a parameter is for: `host: 192.168.0.7`. */
function bareHost(text: string, hits: Hit[]): void {
  if (text.length > 300) return
  const { host } = splitPort(text.replace(/[/\\?#].*$/s, '').replace(/^[^@]{0,200}@/, ''))
  const address = addressOf(host)
  const isBad =
    address === undefined ? METADATA_NAMES.test(host.toLowerCase()) && host.includes('.') : address.kind === 'metadata'
  if (isBad) hits.push(attack('ssrf', 0.95, 0, text.length))
  else if (address !== undefined && !address.isCanonical && address.kind !== 'public' && /[.x:]/.test(host))
    hits.push(attack('ssrf', 0.8, 0, text.length))
  else if (REBINDING.test(host.toLowerCase())) hits.push(attack('ssrf', 0.8, 0, text.length))
}
