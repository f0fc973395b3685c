/** Where an authorization server sends its answers: what a client registers, and what it asks for. */
import type { Match } from '../rule.ts'

/** Schemes whose address is carried out by the browser, instead of being gone to. */
const CARRIED_OUT = ['javascript', 'data', 'file', 'vbscript', 'blob']
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/
export const isLoopbackHost = (host: string): boolean => LOOPBACK.test(host)

interface Registered {
  readonly redirectSchemes: readonly string[]
  readonly redirectHosts: readonly string[]
  readonly wildcardRedirect?: boolean
}
/** Hosts and schemes come as two lists: where several schemes stand beside `http`, whose host is whose is not known. */
export function judgeRegistration(e: Registered, isRefused: boolean): Match | undefined {
  const odd = e.redirectSchemes.find((scheme) => CARRIED_OUT.includes(scheme))
  if (odd !== undefined)
    return { severity: isRefused ? 'medium' : 'critical', saw: `a redirect to ${odd}:`, expected: 'https, or loopback' }
  if (isRefused) return undefined
  if (e.wildcardRedirect === true)
    return { severity: 'high', saw: 'a redirect with a wildcard', expected: 'whole addresses' }
  const isPlain = e.redirectSchemes.length === 1 && e.redirectSchemes[0] === 'http'
  const host = isPlain ? e.redirectHosts.find((each) => !isLoopbackHost(each)) : undefined
  if (host === undefined) return undefined
  return { severity: 'high', saw: `a redirect to http://${host}`, expected: 'https, or loopback' }
}

interface Asked {
  readonly redirectMatch: string
  readonly redirectHost: string
}
export function judgeRedirect(e: Asked, isRefused: boolean, isWeb: boolean): Match | undefined {
  const to = e.redirectHost || 'an unknown host'
  if (e.redirectMatch === 'mismatch')
    return {
      severity: isRefused ? 'medium' : 'critical',
      saw: `a redirect to ${to}`,
      expected: 'one that is registered',
    }
  if (e.redirectMatch === 'unregistered')
    // A proxy may leave the comparison to the server behind it.
    return {
      severity: isRefused ? 'medium' : 'high',
      saw: `a redirect to ${to}, of a client without any`,
      expected: 'one that is registered',
    }
  if (e.redirectMatch !== 'loopback_port' || !isWeb || isRefused) return undefined
  return { severity: 'medium', saw: `another port of ${to} for a web client`, expected: 'exactly what is registered' }
}
