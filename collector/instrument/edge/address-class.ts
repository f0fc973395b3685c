/** The class of an IP address: what a request to it, or from it, can reach. The address itself need not be kept. */
import { BlockList, isIP } from 'node:net'

export type AddressClass = 'loopback' | 'private' | 'link_local' | 'public' | 'unknown'

const ranges = (...subnets: readonly (readonly [network: string, prefix: number])[]): BlockList => {
  const list = new BlockList()
  for (const [network, prefix] of subnets) list.addSubnet(network, prefix, network.includes(':') ? 'ipv6' : 'ipv4')
  return list
}
/** IANA special-purpose address registries; cloud metadata services live in the link-local ranges. */
const LOOPBACK = ranges(['127.0.0.0', 8], ['0.0.0.0', 8], ['::1', 128], ['::', 128])
const LINK_LOCAL = ranges(['169.254.0.0', 16], ['fe80::', 10], ['fd00:ec2::', 32])
const PRIVATE = ranges(['10.0.0.0', 8], ['172.16.0.0', 12], ['192.168.0.0', 16], ['100.64.0.0', 10], ['fc00::', 7])

/** IPv4 inside IPv6 (`::ffff:10.0.0.1`), as sockets of both families report it. */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

export function addressClass(address: string | undefined): AddressClass {
  if (address === undefined) return 'unknown'
  const plain = MAPPED.exec(address)?.[1] ?? address.replace(/%.*$/, '')
  const version = isIP(plain)
  if (version === 0) return 'unknown'
  const family = version === 4 ? 'ipv4' : 'ipv6'
  if (LOOPBACK.check(plain, family)) return 'loopback'
  if (LINK_LOCAL.check(plain, family)) return 'link_local'
  return PRIVATE.check(plain, family) ? 'private' : 'public'
}
