/** Which headers pass a proxy: all but those of one connection (RFC 9110 §7.6.1), in their order and spelling. */

/** Flat list of names and values, as node:http gives and takes them. */
export type RawHeaders = readonly string[]

const OF_ONE_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'transfer-encoding',
  'te',
  'upgrade',
])

export function headerOf(headers: RawHeaders, name: string): string | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2) if (headers[at]!.toLowerCase() === name) return headers[at + 1]
  return undefined
}

/** Without the headers of the connection and those that `Connection` names. `rename`: another value for a header, undefined for none. */
export function endToEnd(
  headers: RawHeaders,
  rename: (name: string, value: string) => string = (_, value) => value,
): string[] {
  const named = new Set<string>()
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (headers[at]!.toLowerCase() === 'connection')
      for (const option of headers[at + 1]!.split(',')) named.add(option.trim().toLowerCase())
  const kept: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]!
    const lower = name.toLowerCase()
    // A header of the message that somebody calls one of the connection would be lost behind us: content keeps its length.
    if (OF_ONE_CONNECTION.has(lower) || (named.has(lower) && lower !== 'content-length' && lower !== 'host')) continue
    kept.push(name, rename(lower, headers[at + 1]!))
  }
  return kept
}
