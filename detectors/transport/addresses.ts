/** Hosts of headers, origins and listeners: whether they are this machine, every address, or somewhere else. */

import { remembered } from '../remembered.ts'

/** Characters of a header that are read. */
const MAX_CHARS = 512

/** `https://Evil.tld:8443`, `evil.tld:80`, `[::1]:3000` -> the name in lower case, without port and brackets. */
export const hostOf = remembered((text: string): string => {
  const cut = text.slice(0, MAX_CHARS)
  const scheme = cut.indexOf('://')
  const rest = (scheme < 0 ? cut : cut.slice(scheme + 3)).split(/[/?#]/, 1)[0]!
  const authority = rest.slice(rest.lastIndexOf('@') + 1).toLowerCase()
  if (authority.startsWith('[')) return authority.slice(1).split(']', 1)[0]!
  // More than one colon without brackets is an IPv6 address alone.
  return authority.indexOf(':') === authority.lastIndexOf(':') ? authority.split(':', 1)[0]! : authority
})

/** Names and addresses that never leave the machine. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' ||
  host === '::1' ||
  host.endsWith('.localhost') ||
  /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)

/** A listener on every address of the machine. */
export const isEveryAddress = (host: string): boolean => host === '0.0.0.0' || host === '::' || host === '*'
