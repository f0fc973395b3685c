/** When two audiences are the same: exact, but for the case of scheme, host and GUID, and one trailing slash. */

const plain = (audience: string): string =>
  audience
    .replace(/\/$/, '')
    .replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]+|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, (part) => part.toLowerCase())

export function isAnySame(some: readonly string[], others: readonly string[]): boolean {
  // Nearly always the first is the same, to the letter. Both lists may be long, and one of them is the sender’s.
  if (others.includes(some[0]!)) return true
  const known = new Set(others.map(plain))
  return some.some((one) => known.has(plain(one)))
}
