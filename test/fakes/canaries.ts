/** Secrets of one run, one for each kind that a server sees, every form in which they may come back, and the search for them. */
import { randomBytes, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { githubToken, jwt } from './secrets.ts'

export type CanaryKind =
  | 'accessToken'
  | 'accessJwt'
  | 'refreshToken'
  | 'code'
  | 'cookie'
  | 'clientSecret'
  | 'apiKey'
  | 'sessionId'
  | 'stateHandle'
  | 'taskId'
  | 'requestState'
  | 'elicitationId'
  | 'queryToken'
export type Canaries = Readonly<Record<CanaryKind, string>>

/** Opaque ones are as random as what authorization servers issue: 160 bits and more, in their usual alphabets. */
export function plant(): Canaries {
  const opaque = (): string => {
    const text = randomBytes(24).toString('base64url')
    // One in a thousand has hardly a digit and is no different from a name in camel case.
    return /\d.*\d.*\d/.test(text) ? text : opaque()
  }
  return {
    accessToken: opaque(),
    accessJwt: jwt(randomUUID()),
    refreshToken: randomBytes(32).toString('hex'),
    code: opaque(),
    cookie: opaque(),
    clientSecret: opaque(),
    apiKey: githubToken(randomUUID()),
    sessionId: randomUUID(),
    stateHandle: opaque(),
    taskId: randomUUID(),
    requestState: opaque(),
    elicitationId: randomUUID(),
    queryToken: opaque(),
  }
}

export const percentEncoded = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
/** How a client may dress one up. */
export const dressed = (secret: string): readonly string[] => [
  secret,
  Buffer.from(secret).toString('base64'),
  Buffer.from(secret).toString('base64url'),
  Buffer.from(secret).toString('hex'),
  percentEncoded(secret),
]

/** A part of a secret is a leak as well: pieces of this many characters are looked for. */
const PIECE = 16
/** In base64 a text looks different at each of three alignments; its first and last characters depend on what stands beside it. */
function base64Pieces(secret: string): string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.from('x'.repeat(shift) + secret)
      .toString('base64')
      .replace(/=+$/, '')
    return encoded.slice(shift === 0 ? 0 : 4, -2)
  })
}
function piecesOf(secret: string): Set<string> {
  const middle = Math.floor((secret.length - PIECE) / 2)
  // A JWT's header is the same for everyone.
  const raw = secret.startsWith('eyJ')
    ? secret.split('.').slice(1)
    : [secret.slice(0, PIECE), secret.slice(middle, middle + PIECE), secret.slice(-PIECE)]
  const own = secret.startsWith('eyJ') ? secret.slice(secret.indexOf('.') + 1) : secret
  const encoded = base64Pieces(own).flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')])
  return new Set([
    ...raw,
    ...encoded,
    Buffer.from(own).toString('hex'),
    Buffer.from(own).toString('hex').toUpperCase(),
    percentEncoded(own),
    percentEncoded(own).toUpperCase(),
  ])
}

/** Looks through any number of places; what it finds says which secret stood where, and never the secret. */
export class CanarySearch {
  readonly found: string[] = []
  bytes = 0
  readonly #pieces: readonly (readonly [kind: string, piece: Buffer])[]

  constructor(canaries: Readonly<Record<string, string>>) {
    this.#pieces = Object.entries(canaries).flatMap(([kind, secret]) =>
      [...piecesOf(secret)].map((piece) => [kind, Buffer.from(piece)] as const),
    )
  }

  look(place: string, content: Uint8Array | string): void {
    const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content)
    this.bytes += bytes.length
    const kinds = new Set<string>()
    for (const [kind, piece] of this.#pieces) {
      // One piece is proof enough.
      if (kinds.has(kind)) continue
      const at = bytes.indexOf(piece)
      if (at < 0) continue
      kinds.add(kind)
      const around = bytes.toString('latin1', Math.max(0, at - 60), at).replace(/[^\x20-\x7e]/g, '.')
      this.found.push(`${kind} in ${place} after ${around}`)
    }
  }

  /** Every file of a folder, as the process left it. */
  folder(path: string): void {
    for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' })) {
      const file = join(path, name)
      const entry = statSync(file, { throwIfNoEntry: false })
      if (entry?.isFile() === true) this.look(name, readFileSync(file))
    }
  }
}
