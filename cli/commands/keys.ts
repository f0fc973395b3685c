/** `keys`: makes a file of versioned keys for producers and service, and rotates it. The keys themselves are never printed. */
import { randomBytes } from 'node:crypto'
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { type KeyList, parseKeyList, readKeyList } from '../../collector/instrument/keys/key-list.ts'
import { AuditdError } from '../../schemas/errors.ts'

const KEY_BYTES = 32
/** Producers read their file every ten seconds; a file that has to travel takes longer. */
const DEFAULT_IN = '1h'
const ACTIONS = ['new', 'rotate', 'show'] as const

interface Entry {
  readonly version: string
  readonly key: unknown
  readonly notBefore?: string
}

export default function configure(command: Command): void {
  command
    .description('make a file of versioned keys (MCP_AUDIT_KEYS=file:PATH), rotate it, or show its versions')
    .argument('<action>', ACTIONS.join(', '))
    .argument('<file>', 'JSON file; readable by its owner alone')
    .option('--in <duration>', 'rotate: when the new key comes into force, such as 0m, 1h, 2d', DEFAULT_IN)
    .action((action: string, file: string, options: { in: string }) => {
      if (!(ACTIONS as readonly string[]).includes(action))
        throw new AuditdError('usage', 'keys', action, `must be one of ${ACTIONS.join(', ')}`)
      const nowMs = Date.now()
      if (action === 'new') create(file, nowMs)
      else if (action === 'rotate') rotate(file, durationMs(options.in), nowMs)
      show(file, nowMs)
    })
}

function create(file: string, nowMs: number): void {
  if (existsSync(file)) throw new AuditdError('usage', 'keys', file, 'exists already; rotate adds a key to it')
  write(file, { keys: [entry(nowMs)] })
}

/** Adds a key, and leaves out those that were replaced before the longest overlap began: no event names them any more. */
function rotate(file: string, inMs: number, nowMs: number): void {
  const { list, keys, rest } = readFile(file)
  const atMs = nowMs + inMs
  const longestMs = Math.max(...Object.values(list.overlap))
  const replacedMs = (at: number): number => list.keys[at + 1]?.notBeforeMs ?? Number.POSITIVE_INFINITY
  const alive = new Set(list.keys.filter((_, at) => replacedMs(at) + longestMs > nowMs).map(({ version }) => version))
  const kept = keys.filter(({ version }) => alive.has(version))
  write(file, { ...rest, keys: [...kept, entry(nowMs, atMs)] })
}

/** The file as it is, for what is kept of it; and as producers understand it. */
function readFile(file: string): { list: KeyList; keys: readonly Entry[]; rest: object } {
  const list = readKeyList(`file:${file}`)
  const keys = list.keys.map(({ version, key, notBeforeMs }) => ({
    ...{ version, key },
    ...(notBeforeMs > 0 && { notBefore: new Date(notBeforeMs).toISOString() }),
  }))
  const overlap = Object.fromEntries(Object.entries(list.overlap).map(([purpose, ms]) => [purpose, `${ms / 60_000}m`]))
  return { list, keys, rest: { overlap } }
}

function entry(nowMs: number, notBeforeMs?: number): Entry {
  const version = `${new Date(nowMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
  const key = randomBytes(KEY_BYTES).toString('base64')
  return { version, key, ...(notBeforeMs !== undefined && { notBefore: new Date(notBeforeMs).toISOString() }) }
}

/** Beside it and then renamed: a producer reads the old file or the new one, never half of it. */
function write(file: string, value: object): void {
  const text = `${JSON.stringify(value, null, 2)}\n`
  parseKeyList(text)
  const beside = `${file}.${process.pid}.new`
  try {
    writeFileSync(beside, text, { mode: 0o600, flag: 'wx' })
    renameSync(beside, file)
  } catch (error) {
    throw new AuditdError('usage', 'keys', file, `cannot be written (${(error as { code?: string }).code})`, error)
  }
}

function show(file: string, nowMs: number): void {
  const { keys } = readKeyList(`file:${file}`)
  const inForce = keys.findLastIndex(({ notBeforeMs }) => notBeforeMs <= nowMs)
  keys.forEach(({ version, notBeforeMs }, at) => {
    const state = at === inForce ? 'in force' : at < inForce ? 'former' : `from ${new Date(notBeforeMs).toISOString()}`
    process.stdout.write(`${version}  ${state}\n`)
  })
}

function durationMs(text: string): number {
  const match = /^(\d{1,5})([mhd])$/.exec(text)
  if (match === null) throw new AuditdError('usage', 'keys', '--in', 'must be a duration such as 0m, 1h or 2d')
  return Number(match[1]) * { m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] as 'm' | 'h' | 'd']
}
