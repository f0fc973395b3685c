/** Configuration: a YAML file, overridden by MCP_AUDITD_* variables and flags, validated as a whole before anything starts. */
import { existsSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { z } from 'zod'
import { type Config, config } from '../schemas/config.ts'
import { AuditdError } from '../schemas/errors.ts'

type Tree = { [key: string]: unknown }
const PREFIX = 'MCP_AUDITD_'
/** Variables of ours that are not configuration: failpoints of the fault suite, the file itself. */
const NOT_CONFIG = new Set([
  'MCP_AUDITD_CONFIG',
  'MCP_AUDITD_FAILPOINT',
  'MCP_AUDITD_SABOTAGE',
  'MCP_AUDITD_LOG_LEVEL',
  'MCP_AUDITD_THREADS',
])

/**
 * `file` or MCP_AUDITD_CONFIG, then KAFKA_BROKERS and CLICKHOUSE_URL, then MCP_AUDITD_STORE__URL and the like, then `flags`.
 * Throws AuditdError('config_invalid') that names the field.
 */
export function loadConfig(env: NodeJS.ProcessEnv, flags: Tree = {}, file = env['MCP_AUDITD_CONFIG']): Config {
  const tree = file === undefined || file === '' ? {} : readTree(file)
  if (env['KAFKA_BROKERS']) assign(tree, ['kafka', 'brokers'], listOf(env['KAFKA_BROKERS']))
  if (env['CLICKHOUSE_URL']) assign(tree, ['store', 'url'], env['CLICKHOUSE_URL'])
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || NOT_CONFIG.has(name) || value === undefined) continue
    const path = name.slice(PREFIX.length).split('__').map(camel)
    assign(tree, path, value)
  }
  for (const [path, value] of Object.entries(flags)) if (value !== undefined) assign(tree, path.split('.'), value)
  let parsed = config.safeParse(tree)
  // Variables are texts: where the schema wants something else, they are read as that.
  if (!parsed.success && readTexts(tree, parsed.error.issues)) parsed = config.safeParse(tree)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new AuditdError('config_invalid', 'configuration', issue?.path.join('.') ?? '', issue?.message ?? 'invalid')
}

function readTree(file: string): Tree {
  if (!existsSync(file)) throw new AuditdError('config_invalid', 'configuration', file, 'no such file')
  let tree: unknown
  try {
    tree = parse(readFileSync(file, 'utf8')) ?? {}
  } catch (error) {
    throw new AuditdError('config_invalid', 'configuration', file, 'not readable as YAML', error)
  }
  if (typeof tree !== 'object' || Array.isArray(tree))
    throw new AuditdError('config_invalid', 'configuration', file, 'must be a mapping of names to values')
  return tree as Tree
}

/** `STORE__URL` is `store.url`, `IN_FLIGHT_BYTES` is `inFlightBytes`. */
const camel = (part: string): string =>
  part.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  number: (text) => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text),
  boolean: (text) => (text === 'true' ? true : text === 'false' ? false : text),
  array: listOf,
}
/** True when a text was read as what the schema expects in its place. */
function readTexts(tree: Tree, issues: readonly z.core.$ZodIssue[]): boolean {
  let changed = false
  for (const issue of issues) {
    const read = issue.code === 'invalid_type' ? READERS[issue.expected] : undefined
    const last = String(issue.path.at(-1))
    const place = issue.path.slice(0, -1).reduce<unknown>((at, part) => (at as Tree)[String(part)], tree) as Tree
    const text = place[last]
    if (read === undefined || typeof text !== 'string') continue
    place[last] = read(text)
    changed = true
  }
  return changed
}
function assign(tree: Tree, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path
  if (head === undefined) return
  if (rest.length === 0) tree[head] = value
  else {
    const inner = tree[head]
    const branch: Tree = inner !== null && typeof inner === 'object' && !Array.isArray(inner) ? (inner as Tree) : {}
    tree[head] = branch
    assign(branch, rest, value)
  }
}

/** Without keys every identity is a claim, so nothing but loopback may be spoken to or listened on. */
export function assertLoopbackWithoutKeys(settings: Config): void {
  if (settings.credentials.length > 0) return
  const brokers = [settings.kafka.brokers, ...settings.sources.map((source) => source.brokers)].flat()
  const outside = [settings.otlp, settings.admin, ...(settings.sql === 'off' ? [] : [settings.sql]), ...brokers].find(
    (address) => !isLoopback(address),
  )
  if (outside !== undefined)
    throw new AuditdError(
      'config_invalid',
      'configuration',
      'credentials',
      `required, because ${outside} is not a loopback address`,
    )
}
export const isLoopback = (address: string): boolean => {
  const host = address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
/** `HOST:PORT` as its parts. */
export function splitAddress(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(':')
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) }
}
