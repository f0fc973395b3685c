/** Which addresses an alert may be sent to: an attacker who can name a target must not reach the inside of the network (SSRF). */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Ranges that `allowPrivate` opens. Link-local stays shut: cloud metadata lives there. */
const PRIVATE = new Set(['loopback', 'private', 'uniqueLocal', 'carrierGradeNat'])
/** IPv6 that the internet routes. Everything else is special, whatever a library calls it. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3')

/** Why an address is refused, or undefined. A mapped IPv6 address (`::ffff:10.0.0.1`) counts as its IPv4 address. */
export function addressDenied(address: string, allowPrivate: boolean): string | undefined {
  if (isIP(address) === 0) return 'not an IP address'
  const parsed = ipaddr.process(address)
  const range = parsed.range()
  if (PRIVATE.has(range)) return allowPrivate ? undefined : `${range} address`
  if (range !== 'unicast') return `${range} address`
  if (parsed instanceof ipaddr.IPv6 && !parsed.match(GLOBAL_IPV6)) return 'address outside the global IPv6 range'
  return undefined
}

/**
 * What a URL itself gives away before any name is looked up. `new URL` has already turned decimal, octal, hex and short IPv4 forms
 * into dotted ones. The path is never part of a reason: a webhook's path is often its secret.
 */
export function urlDenied(url: URL, allowPrivate: boolean): string | undefined {
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:')) {
    return allowPrivate ? 'must be http or https' : 'must be https'
  }
  if (url.username !== '' || url.password !== '') return 'must not carry a user name or password'
  const host = bareHost(url)
  if (host === '') return 'must name a host'
  if (isIP(host) !== 0) return addressDenied(host, allowPrivate)
  // RFC 6761: these names never leave the machine, whatever a resolver answers.
  if (!allowPrivate && /(^|\.)localhost\.?$/i.test(host)) return 'loopback name'
  return undefined
}

/** The host without the brackets of an IPv6 literal. */
export const bareHost = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1')
