/** Hosts by what they are for: services that record whatever is sent to them, tunnels into somebody's machine, pastes, raw addresses. */
import { domainToUnicode } from 'node:url'
import { remembered } from '../remembered.ts'
import { asciiTwin } from './confusables.ts'

/** Request bins and out-of-band testing: they exist to show what was sent to them. Matched as a suffix of the host. */
const BINS: readonly string[] = [
  'webhook.site',
  'requestbin.com',
  'requestbin.net',
  'pipedream.net',
  'hookbin.com',
  'beeceptor.com',
  'requestcatcher.com',
  'postb.in',
  'ptsv2.com',
  'ptsv3.com',
  'burpcollaborator.net',
  'oastify.com',
  'oast.fun',
  'oast.live',
  'oast.me',
  'oast.online',
  'oast.pro',
  'oast.site',
  'interact.sh',
  'interactsh.com',
  'dnslog.cn',
  'ceye.io',
  'canarytokens.com',
  'canarytokens.org',
  'mockbin.io',
  'typedwebhook.tools',
  'webhook-test.com',
  'smee.io',
  'bxss.me',
  'xss.ht',
  'requestrepo.com',
  'hookdeck.com',
]
const TUNNELS: readonly string[] = [
  'ngrok.io',
  'ngrok.app',
  'ngrok.dev',
  'ngrok-free.app',
  'ngrok-free.dev',
  'trycloudflare.com',
  'loca.lt',
  'localtunnel.me',
  'serveo.net',
  'localhost.run',
  'lhr.life',
  'bore.pub',
  'telebit.io',
  'pagekite.me',
  'tunnelto.dev',
]
const DROPS: readonly string[] = [
  'pastebin.com',
  'hastebin.com',
  'transfer.sh',
  'file.io',
  '0x0.st',
  'paste.ee',
  'dpaste.com',
  'termbin.com',
  'ix.io',
  'anonfiles.com',
  'gofile.io',
  'bashupload.com',
  'tmpfiles.org',
]

export type HostClass =
  | 'bin'
  | 'tunnel'
  | 'drop'
  | 'public_address'
  | 'disguised_address'
  | 'look_alike'
  | 'hostile'
  | 'ordinary'

const SERVICES: ReadonlyMap<string, HostClass> = new Map([
  ...BINS.map((host): [string, HostClass] => [host, 'bin']),
  ...TUNNELS.map((host): [string, HostClass] => [host, 'tunnel']),
  ...DROPS.map((host): [string, HostClass] => [host, 'drop']),
])
const MOST_LABELS = 3
/** The service that a host is, or is a subdomain of. */
function serviceOf(host: string): HostClass | undefined {
  let dot = host.length
  for (let labels = 0; labels < MOST_LABELS && dot > 0; labels++) {
    dot = host.lastIndexOf('.', dot - 1)
    const service = SERVICES.get(host.slice(dot + 1))
    if (service !== undefined) return service
  }
  return undefined
}

/** Names no honest host gives itself. */
const HOSTILE =
  /(?:^|[.-])(?:attack|attacker|evil|exfil|exfiltrate|malicious|phish\w{0,4}|pwned?|hacker|c2|rogue|stealer)(?:[.-]|\d|$)/
const OCTETS = /^\d{1,3}(?:\.\d{1,3}){3}$/

/** `path`: two services take messages from anybody who knows the path. */
export function hostClass(host: string, path: string): HostClass {
  if ((host === 'discord.com' || host === 'discordapp.com') && path.startsWith('/api/webhooks/')) return 'bin'
  if (host === 'api.telegram.org' && path.startsWith('/bot')) return 'bin'
  return classOfName(host)
}

const classOfName = remembered((host): HostClass => {
  const service = serviceOf(host)
  if (service !== undefined) return service
  if (HOSTILE.test(host)) return 'hostile'
  if (OCTETS.test(host)) return isInner(host) ? 'ordinary' : 'public_address'
  if (/^(?:0x[\da-f]{1,8}|\d{8,10}|0\d{1,3}(?:\.0?\d{1,4}){3}|(?:0x[\da-f]{1,2}\.){3}0x[\da-f]{1,2})$/.test(host))
    return 'disguised_address'
  return host.includes('xn--') && looksLatin(host) ? 'look_alike' : 'ordinary'
})

/** Loopback, private, link-local and documentation addresses. */
function isInner(host: string): boolean {
  const [a = 0, b = 0, c = 0] = host.split('.').map(Number)
  return (
    a === 127 ||
    a === 10 ||
    a === 0 ||
    (a === 192 && b === 168) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 169 && b === 254) ||
    (a === 192 && b === 0 && c === 2) ||
    (a === 198 && b === 51) ||
    (a === 203 && b === 0)
  )
}

/** A punycode label whose letters beyond ASCII all look like ASCII. */
function looksLatin(host: string): boolean {
  const shown = domainToUnicode(host)
  let twins = 0
  for (const letter of shown) {
    if (letter.charCodeAt(0) < 128) continue
    if (asciiTwin(letter) === undefined) return false
    twins++
  }
  return twins > 0
}
