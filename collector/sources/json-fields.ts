/** Fields of a JSON record that nobody has checked: read by path, and refused by path when they have the wrong type. */
import { WrongType } from '../observation.ts'

export type Json = { readonly [field: string]: unknown }
export const isObject = (value: unknown): value is Json =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

export class JsonFields {
  private readonly value: Json
  private readonly path: string
  constructor(value: unknown, path = '') {
    if (!isObject(value)) throw new WrongType(path === '' ? 'record' : path, 'an object')
    this.value = value
    this.path = path === '' ? '' : `${path}.`
  }

  /** As it is; undefined for null. */
  raw(name: string): unknown {
    return Object.hasOwn(this.value, name) ? (this.value[name] ?? undefined) : undefined
  }
  has(name: string): boolean {
    return this.raw(name) !== undefined
  }
  /** '' when absent. */
  text(name: string): string {
    const value = this.raw(name)
    if (value === undefined) return ''
    if (typeof value !== 'string') throw new WrongType(this.path + name, 'text')
    return value
  }
  /** The first of them that is there. */
  anyText(...names: readonly string[]): string {
    return this.text(names.find((name) => this.has(name)) ?? names[0]!)
  }
  number(name: string): number | undefined {
    const value = this.raw(name)
    if (value !== undefined && (typeof value !== 'number' || !Number.isFinite(value)))
      throw new WrongType(this.path + name, 'a number')
    return value
  }
  isTrue(name: string): boolean {
    return this.raw(name) === true
  }
  /** An empty one when absent. */
  object(name: string): JsonFields {
    return new JsonFields(this.raw(name) ?? {}, this.path + name)
  }
  list(name: string): readonly unknown[] {
    const value = this.raw(name) ?? []
    if (!Array.isArray(value)) throw new WrongType(this.path + name, 'a list')
    return value
  }

  /** RFC 3339 in UTC from a text with any offset, or from seconds since 1970. '' when absent. */
  time(name: string): string {
    const value = this.raw(name)
    if (value === undefined || value === '') return ''
    const instant = typeof value === 'number' ? instantOfSeconds(value) : instantOfText(value)
    if (instant === undefined) throw new WrongType(this.path + name, 'a time')
    return instant
  }
}

/** Beyond this a Date cannot go, and no clock is right. */
const MAX_SECONDS = 8_640_000_000_000 / 1000
export function instantOfSeconds(seconds: number): string | undefined {
  return seconds > 0 && seconds < MAX_SECONDS ? new Date(seconds * 1000).toISOString() : undefined
}

/** What is finer than a millisecond is kept. */
const FORM = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,12})?(Z|[+-]\d\d:?\d\d)?$/i
function instantOfText(value: unknown): string | undefined {
  const parts = typeof value === 'string' ? FORM.exec(value) : null
  if (parts === null) return undefined
  const [, day, clock, fraction = '', offset = 'Z'] = parts
  const ms = Date.parse(`${day}T${clock}${offset.toUpperCase()}`)
  if (Number.isNaN(ms)) return undefined
  return `${new Date(ms).toISOString().slice(0, 19)}${fraction.slice(0, 10)}Z`
}
