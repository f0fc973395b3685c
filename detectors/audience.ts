/** When two audiences are the same: exact, but for the case of scheme, host and GUID, and one trailing slash. */

const plain = (audience: string): string =>
  audience
    .replace(/\/$/, '')
    .replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]+|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, (part) => part.toLowerCase())

export const isSameAudience = (a: string, b: string): boolean => a === b || plain(a) === plain(b)

export const isAnySame = (some: readonly string[], others: readonly string[]): boolean =>
  some.some((one) => others.some((other) => isSameAudience(one, other)))
