/** How well the way to a server is protected: plain HTTP beyond this machine, old TLS, and what proxies say of it. */
import type { Severity } from '../../schemas/finding.ts'
import type { Match } from '../rule.ts'
import { hostOf, isEveryAddress, isLoopback } from './addresses.ts'

/** Tags of a server in the inventory: somebody else encrypts. */
const PROTECTED = new Set(['tls_terminated', 'mesh', 'mtls'])
const OLD = new Set(['SSLv2', 'SSLv3', 'TLSv1', 'TLSv1.0', 'TLSv1.1'])

interface Tagged {
  readonly server: string
  tagsOf(kind: 'servers', name: string): readonly string[]
}
const isProtected = (e: Tagged): boolean => e.tagsOf('servers', e.server).some((tag) => PROTECTED.has(tag))

interface Started extends Tagged {
  readonly tls: boolean
  readonly bindAddress: string
  says(name: 'tls'): boolean
}
/** A plain listener may stand behind a gateway, and on every address it mostly does: nobody has seen plain traffic yet. */
export function judgeListener(e: Started): Match | undefined {
  const host = hostOf(e.bindAddress)
  if (e.tls || !e.says('tls') || host === '' || isLoopback(host) || isProtected(e)) return undefined
  const severity = isEveryAddress(host) ? 'low' : 'medium'
  return { severity, saw: `a listener without TLS on ${e.bindAddress}`, expected }
}
const expected = 'TLS 1.2 or later, here or at a gateway'

interface Request extends Tagged {
  readonly tlsVersion: string
  readonly forwardedProto: string
  readonly addressClass: string
  readonly credentialLocation: string
  readonly hop: string
}
export interface TransportPolicy {
  readonly requireTls13: boolean
  readonly trustForwardedProto: boolean
}
export function judgeRequest(e: Request, policy: TransportPolicy): Match | undefined {
  const { tlsVersion } = e
  if (OLD.has(tlsVersion)) return { severity: 'high', saw: `a request over ${tlsVersion}`, expected }
  if (policy.requireTls13 && tlsVersion === 'TLSv1.2')
    return { severity: 'medium', saw: 'a request over TLSv1.2', expected: 'TLS 1.3, by policy' }
  // Where nothing is said, nobody knows.
  if (tlsVersion !== 'none' || isProtected(e)) return undefined
  const proto = e.forwardedProto.split(',', 1)[0]!.trim().toLowerCase()
  if (proto === 'https') {
    if (policy.trustForwardedProto || isNear(e)) return undefined
    return { severity: 'high', saw: 'a plain request that claims to have been https', expected: 'no proxy is in front' }
  }
  // The proxy says that its own client came without TLS, wherever the proxy stands.
  if (proto === '' && (isNear(e) || e.hop === 'gateway')) return undefined
  const carries = e.credentialLocation !== '' && e.credentialLocation !== 'none'
  return {
    severity: severityOf(e.addressClass, carries),
    saw: `plain HTTP from a ${e.addressClass} address${carries ? `, with a credential in the ${e.credentialLocation}` : ''}`,
    expected,
  }
}
/** From this machine, or from nobody knows where. */
const isNear = ({ addressClass }: Request): boolean =>
  addressClass !== 'private' && addressClass !== 'link_local' && addressClass !== 'public'
function severityOf(addressClass: string, carries: boolean): Severity {
  if (addressClass === 'public') return carries ? 'high' : 'medium'
  return carries ? 'medium' : 'low'
}
