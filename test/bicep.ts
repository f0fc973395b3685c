/**
 * The part of Bicep that deploy/sentinel uses, parsed strictly and evaluated: which resources a template makes. Anything else is an error
 * with its line, so a template that grows beyond it fails here and not in Azure.
 */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse as parseYaml } from 'yaml'

interface Token {
  readonly kind: 'name' | 'number' | 'text' | 'sign' | 'line' | 'end'
  readonly text: string
  readonly line: number
  /** Of a text with `${…}`: literal pieces and expressions in turn. */
  readonly parts?: readonly (string | readonly Token[])[]
}
type Scope = ReadonlyMap<string, unknown>
type Expression = (scope: Scope) => unknown
type Json = Readonly<Record<string, unknown>>

export interface Deployed {
  readonly symbol: string
  readonly type: string
  readonly version: string
  readonly name: string
  /** The whole body, references to other resources as `<symbol.property>`. */
  readonly body: Json
}
export interface Template {
  readonly resources: readonly Deployed[]
  readonly outputs: Json
  /** Parameters without a default. */
  readonly required: readonly string[]
  readonly parameters: readonly string[]
}

const SIGNS = ['=>', '==', '!=', '??', '.?', '&&', '||', ...'=(){}[]:,.?@!']
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', "'": "'", '\\': '\\', $: '$' }

function tokens(text: string, line = 1): Token[] {
  const found: Token[] = []
  let at = 0
  const push = (kind: Token['kind'], value: string, parts?: Token['parts']) =>
    found.push({ kind, text: value, line, ...(parts === undefined ? {} : { parts }) })
  while (at < text.length) {
    const rest = text.slice(at)
    const blank = /^([ \t\r]+|\/\/[^\n]*)/.exec(rest)?.[0]
    const word = /^[A-Za-z_]\w*/.exec(rest)?.[0]
    const number = /^\d+/.exec(rest)?.[0]
    const sign = SIGNS.find((one) => rest.startsWith(one))
    if (blank !== undefined) at += blank.length
    else if (rest[0] === '\n') {
      push('line', '\n')
      line++
      at++
    } else if (rest[0] === "'") {
      const { parts, length } = textAt(rest, line)
      push('text', parts.length === 1 && typeof parts[0] === 'string' ? parts[0] : '', parts)
      at += length
    } else if (word !== undefined) at += push('name', word) && word.length
    else if (number !== undefined) at += push('number', number) && number.length
    else if (sign !== undefined) at += push('sign', sign) && sign.length
    else throw new Error(`line ${line}: unknown ${JSON.stringify(rest.slice(0, 10))}`)
  }
  push('end', '')
  return found
}

function textAt(rest: string, line: number): { parts: (string | readonly Token[])[]; length: number } {
  if (rest.startsWith("'''")) throw new Error(`line ${line}: texts over several lines are not supported`)
  const parts: (string | readonly Token[])[] = ['']
  for (let at = 1; at < rest.length; at++) {
    const character = rest[at]!
    if (character === "'") return { parts, length: at + 1 }
    if (character === '\n') break
    if (character === '\\') {
      const escaped = ESCAPES[rest[++at]!]
      if (escaped === undefined) throw new Error(`line ${line}: unknown escape`)
      parts.push(`${parts.pop()}${escaped}`)
    } else if (character === '$' && rest[at + 1] === '{') {
      const end = rest.indexOf('}', at)
      parts.push(tokens(rest.slice(at + 2, end), line), '')
      at = end
    } else parts.push(`${parts.pop()}${character}`)
  }
  throw new Error(`line ${line}: a text without an end`)
}

/** Recursive descent; each method answers a function of the scope. */
class Reader {
  #at = 0
  readonly #tokens: readonly Token[]
  readonly #folder: string
  constructor(list: readonly Token[], folder: string) {
    this.#tokens = list
    this.#folder = folder
  }
  get next(): Token {
    return this.#tokens[this.#at]!
  }
  is(text: string): boolean {
    return this.next.text === text && this.next.kind !== 'text'
  }
  take(text: string): boolean {
    if (!this.is(text)) return false
    this.#at++
    return true
  }
  expect(text: string): void {
    if (!this.take(text)) throw this.fault(`expected ${JSON.stringify(text)}`)
  }
  kind(kind: Token['kind']): string {
    if (this.next.kind !== kind) throw this.fault(`expected a ${kind}`)
    return this.#tokens[this.#at++]!.text
  }
  fault(what: string): Error {
    return new Error(`line ${this.next.line}: ${what}, found ${JSON.stringify(this.next.text)}`)
  }
  isEnd(): boolean {
    return this.next.kind === 'end'
  }
  skipLines(): void {
    while (this.next.kind === 'line') this.#at++
  }

  expression(): Expression {
    const condition = this.#either()
    if (!this.take('?')) return condition
    const yes = this.expression()
    this.expect(':')
    const no = this.expression()
    return (scope) => (condition(scope) === true ? yes(scope) : no(scope))
  }
  #either(): Expression {
    let left = this.#compared()
    while (this.take('??')) {
      const [before, after] = [left, this.#compared()]
      left = (scope) => before(scope) ?? after(scope)
    }
    return left
  }
  #compared(): Expression {
    const left = this.#unary()
    const sign = ['==', '!=', '&&', '||'].find((one) => this.take(one))
    if (sign === undefined) return left
    const right = this.#unary()
    if (sign === '==') return (scope) => left(scope) === right(scope)
    if (sign === '!=') return (scope) => left(scope) !== right(scope)
    return sign === '&&'
      ? (scope) => left(scope) === true && right(scope) === true
      : (scope) => left(scope) === true || right(scope) === true
  }
  #unary(): Expression {
    if (!this.take('!')) return this.#postfix()
    const value = this.#unary()
    return (scope) => value(scope) !== true
  }
  #postfix(): Expression {
    let value = this.#primary()
    for (;;) {
      const base = value
      if (this.take('.?')) {
        const name = this.kind('name')
        value = (scope) => memberOf(base(scope), name, true)
      } else if (this.take('.')) {
        const name = this.kind('name')
        value = (scope) => memberOf(base(scope), name, false)
      } else if (this.take('[')) {
        const key = this.expression()
        this.expect(']')
        value = (scope) => memberOf(base(scope), String(key(scope)), false)
      } else return value
    }
  }
  #primary(): Expression {
    const { kind, text, parts, line } = this.next
    if (kind === 'text') {
      this.#at++
      const pieces = parts!.map((part) =>
        typeof part === 'string' ? () => part : new Reader(part, this.#folder).expression(),
      )
      return (scope) => pieces.map((piece) => textOf(piece(scope))).join('')
    }
    if (kind === 'number') {
      this.#at++
      return () => Number(text)
    }
    if (this.is('[')) return this.#list()
    if (this.is('{')) return this.object()
    if (this.take('(')) {
      const inner = this.expression()
      this.expect(')')
      return inner
    }
    const name = this.kind('name')
    if (name === 'true' || name === 'false') return () => name === 'true'
    if (name === 'null') return () => null
    if (this.take('=>')) {
      const result = this.expression()
      return (scope) => (value: unknown) => result(new Map([...scope, [name, value]]))
    }
    if (this.take('(')) return this.#call(name, line)
    return (scope) => {
      if (!scope.has(name)) throw new Error(`line ${line}: ${name} is not declared`)
      return scope.get(name)
    }
  }
  #call(name: string, line: number): Expression {
    const given: Expression[] = []
    while (!this.take(')')) {
      given.push(this.expression())
      if (!this.is(')')) this.expect(',')
    }
    return (scope) => {
      const own = scope.get(`func ${name}`) as ((...values: unknown[]) => unknown) | undefined
      const called = own ?? BUILT_IN[name] ?? LOADERS[name]?.(this.#folder)
      if (called === undefined) throw new Error(`line ${line}: unknown function ${name}`)
      return called(...given.map((one) => one(scope)))
    }
  }
  object(): Expression {
    this.expect('{')
    const entries: [string, Expression][] = []
    for (this.skipLines(); !this.take('}'); this.skipLines()) {
      const key = this.next.kind === 'text' ? this.kind('text') : this.kind('name')
      if (entries.some(([known]) => known === key)) throw this.fault(`${key} stands twice`)
      this.expect(':')
      entries.push([key, this.expression()])
      if (!this.is('}')) this.kind('line')
    }
    return (scope) => Object.fromEntries(entries.map(([key, value]) => [key, value(scope)]))
  }
  #list(): Expression {
    this.expect('[')
    if (this.take('for')) {
      const name = this.kind('name')
      this.expect('in')
      const of = this.expression()
      this.expect(':')
      const body = this.expression()
      this.expect(']')
      return (scope) => (of(scope) as readonly unknown[]).map((one) => body(new Map([...scope, [name, one]])))
    }
    const values: Expression[] = []
    for (this.skipLines(); !this.take(']'); this.skipLines()) {
      values.push(this.expression())
      if (!this.is(']')) this.kind('line')
    }
    return (scope) => values.map((value) => value(scope))
  }
}

/** What is known of a resource only once it is there. */
class Reference {
  readonly path: string
  constructor(path: string) {
    this.path = path
  }
  toJSON(): string {
    return `<${this.path}>`
  }
}
function memberOf(value: unknown, name: string, isOptional: boolean): unknown {
  if (value instanceof Reference) return new Reference(`${value.path}.${name}`)
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, name)) return (value as Json)[name]
  if (isOptional) return null
  throw new Error(`there is no ${name}`)
}
/** `true` is written `True` in a text, as Azure Resource Manager does. */
const textOf = (value: unknown): string =>
  value instanceof Reference
    ? value.toJSON()
    : typeof value === 'boolean'
      ? value
        ? 'True'
        : 'False'
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value)

type Called = (...given: never[]) => unknown
type Lambda = (value: unknown) => unknown
const BUILT_IN = {
  resourceGroup: () => new Reference('resourceGroup'),
  subscriptionResourceId: (type: string, name: string) => `/subscriptions/0/providers/${type}/${name}`,
  guid: (...of: unknown[]) => `guid(${of.map(textOf).join(', ')})`,
  empty: (value: string | readonly unknown[]) => value.length === 0,
  endsWith: (text: string, end: string) => text.toLowerCase().endsWith(end.toLowerCase()),
  toUpper: (text: string) => text.toUpperCase(),
  toLower: (text: string) => text.toLowerCase(),
  string: textOf,
  join: (values: readonly unknown[], between: string) => values.map(textOf).join(between),
  map: (values: readonly unknown[], of: Lambda) => values.map((value) => of(value)),
  filter: (values: readonly unknown[], keep: Lambda) => values.filter((value) => keep(value) === true),
  items: (object: Json) =>
    Object.keys(object)
      .sort()
      .map((key) => ({ key, value: object[key] })),
  toObject: (values: readonly unknown[], key: Lambda, value: Lambda) =>
    Object.fromEntries(values.map((one) => [textOf(key(one)), value(one)])),
} as unknown as Readonly<Record<string, Called>> as Readonly<Record<string, (...given: unknown[]) => unknown>>
const LOADERS: Readonly<Record<string, (folder: string) => (...given: unknown[]) => unknown>> = {
  loadTextContent: (folder) => (path) => readFileSync(resolve(folder, String(path)), 'utf8'),
  loadJsonContent: (folder) => (path) => JSON.parse(readFileSync(resolve(folder, String(path)), 'utf8')),
  loadYamlContent: (folder) => (path) => parseYaml(readFileSync(resolve(folder, String(path)), 'utf8')),
}

/** What the template at `path` makes of these parameters. Throws with the line of what is wrong. */
export function bicep(path: string, given: Json): Template {
  const reader = new Reader(tokens(readFileSync(path, 'utf8')), dirname(path))
  const scope = new Map<string, unknown>()
  const resources: Deployed[] = []
  const outputs: Record<string, unknown> = {}
  const parameters: string[] = []
  const required: string[] = []
  const bodies = (symbol: string): readonly Json[] => {
    reader.expect('=')
    let isWanted = true
    if (reader.take('if')) {
      reader.expect('(')
      isWanted = reader.expression()(scope) === true
      reader.expect(')')
    }
    scope.set(symbol, new Reference(symbol))
    const body = reader.expression()(scope)
    return isWanted ? ([body].flat() as readonly Json[]) : []
  }
  const statements: Readonly<Record<string, () => void>> = {
    targetScope: () => {
      reader.expect('=')
      reader.kind('text')
    },
    param: () => {
      const name = reader.kind('name')
      reader.kind('name')
      const preset = reader.take('=') ? reader.expression() : undefined
      parameters.push(name)
      if (preset === undefined) required.push(name)
      if (!Object.hasOwn(given, name) && preset === undefined) throw reader.fault(`parameter ${name} is not given`)
      scope.set(name, Object.hasOwn(given, name) ? given[name] : preset!(scope))
    },
    var: () => {
      const name = reader.kind('name')
      reader.expect('=')
      scope.set(name, reader.expression()(scope))
    },
    func: () => {
      const name = reader.kind('name')
      reader.expect('(')
      const parameter = reader.kind('name')
      reader.kind('name')
      reader.expect(')')
      reader.kind('name')
      reader.expect('=>')
      const result = reader.expression()
      scope.set(`func ${name}`, (value: unknown) => result(new Map([...scope, [parameter, value]])))
    },
    resource: () => {
      const symbol = reader.kind('name')
      const [type = '', version = ''] = reader.kind('text').split('@')
      const isExisting = reader.take('existing')
      for (const body of bodies(symbol))
        if (!isExisting) resources.push({ symbol, type, version, name: textOf(body['name']), body })
    },
    module: () => {
      const symbol = reader.kind('name')
      const file = resolve(dirname(path), reader.kind('text'))
      for (const { params } of bodies(symbol)) {
        const inner = bicep(file, params as Json)
        const unknown = Object.keys(params as Json).filter((name) => !inner.parameters.includes(name))
        if (unknown.length > 0) throw reader.fault(`${symbol} takes no ${unknown.join()}`)
        resources.push(...inner.resources)
        scope.set(symbol, { outputs: inner.outputs })
      }
    },
    output: () => {
      const name = reader.kind('name')
      reader.kind('name')
      reader.expect('=')
      outputs[name] = reader.expression()(scope)
    },
  }
  for (reader.skipLines(); !reader.isEnd(); reader.skipLines()) {
    if (reader.take('@')) reader.expression()
    else {
      const statement = statements[reader.kind('name')]
      if (statement === undefined) throw reader.fault('unknown statement before')
      statement()
    }
    if (!reader.isEnd()) reader.kind('line')
  }
  return JSON.parse(JSON.stringify({ resources, outputs, required, parameters })) as Template
}
