/** IP addresses in every spelling that resolvers and browsers take: decimal, octal, hexadecimal, short, mapped into IPv6, look-alike digits. */

export interface Address {
  /** metadata: the credential service of a cloud. unspecified reaches the own machine. */
  readonly kind: 'metadata' | 'loopback' | 'unspecified' | 'private' | 'link_local' | 'public'
  /** Spelt as people spell it: four decimal numbers, or IPv6 that is no mapped IPv4. */
  readonly isCanonical: boolean
}

/** AWS, GCP, Azure, DigitalOcean, OpenStack; ECS; Alibaba; Oracle; Azure's host. */
const METADATA_V4: ReadonlySet<number> = new Set(
  ['169.254.169.254', '169.254.170.2', '169.254.170.23', '100.100.100.200', '192.0.0.192', '168.63.129.16'].map(
    (address) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0),
  ),
)

/** `host` as it stands in a URL, IPv6 with or without brackets; undefined when it is a name. */
export function addressOf(host: string): Address | undefined {
  const plain = host
    .replace(/^\[/, '')
    .replace(/\](?::\d{0,5})?$/, '')
    .toLowerCase()
  // Circled and full-width digits and dots are what IDNA makes of them.
  const name = isAscii(plain) ? plain : plain.normalize('NFKC').replaceAll('\u3002', '.')
  if (name.includes(':')) return addressV6(name.replace(/%.{0,32}$/, ''))
  const value = inetAton(name.replace(/\.$/, ''))
  if (value === undefined) return undefined
  return { kind: kindOfV4(value), isCanonical: name === plain && name === dotted(value) }
}

/** As inet_aton(3) reads it: one to four parts, each decimal, octal or hexadecimal, the last one filling what is left. */
function inetAton(name: string): number | undefined {
  if (!/^[0-9a-fox.]{1,64}$/.test(name) || !/^\d/.test(name)) return undefined
  const parts = name.split('.')
  if (parts.length > 4) return undefined
  let value = 0
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!
    if (!/^(?:0x[0-9a-f]{0,16}|0o[0-7]{1,20}|\d{1,20})$/.test(part)) return undefined
    const number = part.startsWith('0x')
      ? Number.parseInt(part.slice(2) || '0', 16)
      : /^0o?[0-7]+$/.test(part)
        ? Number.parseInt(part.replace('o', ''), 8)
        : Number(part)
    const isLast = i === parts.length - 1
    // Numbers beyond their place wrap around in some libraries.
    if (!isLast) value += (number % 256) * 256 ** (3 - i)
    else value += number % 256 ** (4 - i)
  }
  return value
}

const dotted = (value: number): string =>
  [value / 2 ** 24, value / 2 ** 16, value / 2 ** 8, value].map((part) => Math.floor(part) % 256).join('.')

function kindOfV4(value: number): Address['kind'] {
  if (METADATA_V4.has(value)) return 'metadata'
  const first = Math.floor(value / 2 ** 24)
  const second = Math.floor(value / 2 ** 16) % 256
  if (value < 2 ** 24) return 'unspecified'
  if (first === 127) return 'loopback'
  if (first === 169 && second === 254) return 'link_local'
  const isPrivate =
    first === 10 ||
    (first === 172 && second >= 16 && second < 32) ||
    (first === 192 && second === 168) ||
    (first === 100 && second >= 64 && second < 128)
  return isPrivate ? 'private' : 'public'
}

function addressV6(name: string): Address | undefined {
  const groups = groupsOf(name)
  if (groups === undefined) return undefined
  const [first, , , , , fifth, sixth, seventh] = groups as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const leading = groups.slice(0, 5).every((group) => group === 0)
  const embedded = sixth * 65_536 + seventh
  // ::ffff:0:0/96, ::/96, 64:ff9b::/96 and 2002::/16 carry an IPv4 address.
  if (leading && (fifth === 0xffff || (fifth === 0 && sixth !== 0)))
    return { kind: kindOfV4(embedded), isCanonical: false }
  if (first === 0x64 && groups[1] === 0xff9b) return { kind: kindOfV4(embedded), isCanonical: false }
  if (first === 0x2002) return { kind: kindOfV4(groups[1]! * 65_536 + groups[2]!), isCanonical: false }
  if (leading && fifth === 0 && sixth === 0 && seventh <= 1)
    return { kind: seventh === 1 ? 'loopback' : 'unspecified', isCanonical: name === '::1' || name === '::' }
  if (first === 0xfd00 && groups[1] === 0xec2) return { kind: 'metadata', isCanonical: true }
  if ((first & 0xffc0) === 0xfe80) return { kind: 'link_local', isCanonical: true }
  return { kind: (first & 0xfe00) === 0xfc00 ? 'private' : 'public', isCanonical: true }
}

/** Eight numbers; the last two may be written as IPv4. */
function groupsOf(name: string): number[] | undefined {
  if (name.length > 64) return undefined
  let text = name
  const lastColon = name.lastIndexOf(':')
  const tail = name.slice(lastColon + 1)
  if (tail.includes('.')) {
    const value = inetAton(tail)
    if (value === undefined) return undefined
    text = `${name.slice(0, lastColon + 1)}${Math.floor(value / 65_536).toString(16)}:${(value % 65_536).toString(16)}`
  }
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [left, right] = halves.map((half) => (half === '' ? [] : half.split(':'))) as [string[], string[] | undefined]
  const missing = 8 - left.length - (right?.length ?? 0)
  if (right === undefined ? missing !== 0 : missing < 0) return undefined
  const groups = [...left, ...Array<string>(right === undefined ? 0 : missing).fill('0'), ...(right ?? [])]
  return groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : undefined
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false
  return true
}
