/** Walking a JSON value for its texts: strings, long numbers and names of properties, whatever hostile object stands in for JSON. */

import type { ParameterRole } from './classifier.ts'

export interface WalkBounds {
  readonly nodes: number
  readonly depth: number
}

/** value: a text, or a number long enough to be a card number or an address. key: the name of a property. blob: base64 content. */
export type Found = 'value' | 'key' | 'blob'

export interface Leaf {
  readonly text: string
  /** A name that is no identifier, or may be a secret, stands in it as `*`; of a key it is the path of the object and `.*`. */
  readonly path: string
  /** The nearest property name above; '' when none. */
  readonly name: string
  readonly found: Found
  /** The role that is declared for it or for what it stands in. */
  readonly declared: ParameterRole | undefined
}

/** Roles by leaf path without the root and with `[]` for every index, such as `options.files[]`. */
export type DeclaredRoles = ReadonlyMap<string, ParameterRole>

/** Where the walk stands. */
interface At {
  readonly path: string
  readonly name: string
  readonly depth: number
  /** The path as `DeclaredRoles` has it; kept only where there are any. */
  readonly place: string
  readonly declared: ParameterRole | undefined
}

const IDENTIFIER = /^[A-Za-z_$][\w$-]{0,63}$/
/** A caller may use a token as a name: what is long and has digits is not repeated. */
const isNameable = (key: string): boolean => IDENTIFIER.test(key) && (key.length < 20 || !/\d/.test(key))
/** Names that cannot hold anything: too short for a secret or an order, and no operator. */
const PLAIN_KEY = /^[a-z][a-zA-Z0-9_]{0,23}$/
const TELLING_KEYS: ReadonlySet<string> = new Set(['constructor', 'prototype'])
/** Smaller numbers are no card numbers and no addresses. */
const LONG_NUMBER = 10_000_000
/** Properties in which MCP carries base64, beside `type` or `mimeType`. */
const isBlob = (key: string, parent: object): boolean =>
  key === 'blob' || (key === 'data' && (Object.hasOwn(parent, 'mimeType') || Object.hasOwn(parent, 'mime_type')))

/** Visits every text; answers the least number of bytes in what was not visited. */
export function walkValue(
  value: unknown,
  root: string,
  bounds: WalkBounds,
  roles: DeclaredRoles | undefined,
  visit: (leaf: Leaf) => void,
): number {
  const walk = new Walk(bounds, roles?.size ? roles : undefined, visit)
  walk.value(value, { path: root, name: '', depth: 0, place: '', declared: undefined })
  return walk.missed
}

class Walk {
  missed = 0
  private nodes: number
  private readonly depth: number
  private readonly roles: DeclaredRoles | undefined
  private readonly visit: (leaf: Leaf) => void
  private keys: Set<string> | undefined
  /** Objects on the way down, against cycles; no more than `depth` of them. */
  private readonly above: object[] = []

  constructor(bounds: WalkBounds, roles: DeclaredRoles | undefined, visit: (leaf: Leaf) => void) {
    this.nodes = bounds.nodes
    this.depth = bounds.depth
    this.roles = roles
    this.visit = visit
  }

  value(value: unknown, at: At): void {
    if (typeof value === 'string') {
      if (value !== '') this.leaf(value, at, 'value')
    } else if (typeof value === 'number' || typeof value === 'bigint') {
      if (value >= LONG_NUMBER && value <= Number.MAX_SAFE_INTEGER) this.leaf(String(value), at, 'value')
    } else if (typeof value === 'object' && value !== null) this.object(value, at)
  }

  private leaf(text: string, { path, name, declared }: At, found: Found): void {
    this.visit({ text, path, name, found, declared })
  }

  /** A getter, a Proxy or anything else may throw: what it hides counts as missed, its neighbours are read. */
  private object(value: object, at: At): void {
    if (at.depth >= this.depth || this.above.includes(value)) {
      this.missed++
      return
    }
    this.above.push(value)
    try {
      if (Array.isArray(value)) this.elements(value, at)
      else this.properties(value, at)
    } catch {
      this.missed++
    }
    this.above.pop()
  }

  private elements(values: readonly unknown[], { path, name, depth, place, declared }: At): void {
    const { length } = values
    const inner = this.roles === undefined ? place : `${place}[]`
    const role = this.roles?.get(inner) ?? declared
    for (let index = 0; index < length; index++) {
      if (this.nodes-- <= 0) {
        this.missed += length - index
        return
      }
      try {
        this.value(values[index], { path: `${path}[${index}]`, name, depth: depth + 1, place: inner, declared: role })
      } catch {
        this.missed++
      }
    }
  }

  private properties(object: object, at: At): void {
    const keys = Object.keys(object)
    for (let index = 0; index < keys.length; index++) {
      if (this.nodes-- <= 0) {
        this.missed += keys.length - index
        return
      }
      const key = keys[index]!
      this.key(key, at.path)
      try {
        this.property(object, key, at)
      } catch {
        this.missed++
      }
    }
  }

  private property(object: object, key: string, { path, depth, place, declared }: At): void {
    const segment = isNameable(key) ? key : '*'
    const inner = this.roles === undefined ? place : place === '' ? key : `${place}.${key}`
    const at: At = {
      path: path === '' ? segment : `${path}.${segment}`,
      name: key,
      depth: depth + 1,
      place: inner,
      declared: this.roles?.get(inner) ?? declared,
    }
    const value = (object as Record<string, unknown>)[key]
    if (typeof value === 'string' && value !== '' && isBlob(key, object)) this.leaf(value, at, 'blob')
    else this.value(value, at)
  }

  private key(key: string, path: string): void {
    if ((PLAIN_KEY.test(key) && !TELLING_KEYS.has(key)) || this.keys?.has(key)) return
    this.keys ??= new Set()
    this.keys.add(key)
    this.visit({ text: key, path: path === '' ? '*' : `${path}.*`, name: '', found: 'key', declared: undefined })
  }
}
