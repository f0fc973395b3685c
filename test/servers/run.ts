/** One server in one way: opened in both eras, its tools listed, one of them called; what it answered, without what varies by itself. */
import { mkdirSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Command, Place, ServerEntry, Way } from './catalogue.ts'
import {
  type Answer,
  type Client,
  endCommand,
  httpClient,
  listening,
  pipeClient,
  type Started,
  sseClient,
  startCommand,
} from './wire.ts'

export interface Answers {
  readonly initialize: Answer
  readonly list: Answer
  readonly call: Answer
  readonly discover: Answer
  /** Where the server speaks 2026-07-28. */
  readonly modernList?: Answer
  readonly modernCall?: Answer
}
export interface Run {
  readonly answers: Answers
  /** Requests for tools/call that were sent. */
  readonly calls: number
}

const ROOT = join(import.meta.dirname, '../..')
const MAIN = join(ROOT, 'cli/main.ts')
const REGISTER = pathToFileURL(join(ROOT, 'collector/instrument/register.ts')).href
const CLIENT = { name: 'matrix', version: '1.0.0' }
const MODERN = '2026-07-28'
const META = {
  'io.modelcontextprotocol/protocolVersion': MODERN,
  'io.modelcontextprotocol/clientInfo': CLIENT,
  'io.modelcontextprotocol/clientCapabilities': {},
}

/** Resolves when rows of so many calls have arrived, or when they do not: servers live longer than one call, and so do these. */
export type Seen = (calls: number) => Promise<void>

/** `env`: where events go, and under which server id. `folder` is emptied first. */
export async function runServer(
  entry: ServerEntry,
  way: Way,
  folder: string,
  env: Readonly<Record<string, string>>,
  seen: Seen,
): Promise<Run> {
  const server = {
    ...entry,
    call: JSON.parse(JSON.stringify(entry.call).replaceAll('@FOLDER@', folder)) as ServerEntry['call'],
  }
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  server.prepare?.(folder)
  const place: Place = { folder, port: await freePort() }
  const { command, own, proxyEnv } = watchedCommand(server, way, place, env)
  const raw =
    server.transport === 'stdio'
      ? await overPipes(server, command, own, seen)
      : await overHttp(server, await standing(place, command, own, proxyEnv), seen)
  return { ...raw, answers: JSON.parse(steady(JSON.stringify(raw.answers), place)) as Answers }
}

const wrapped = ({ argv, ...more }: Command): Command => ({
  ...more,
  argv: [process.execPath, MAIN, 'wrap', '--', ...argv],
})

/** A process for each opening: a server keeps to the era it was opened in. */
async function overPipes(
  server: ServerEntry,
  command: Command,
  env: Readonly<Record<string, string>>,
  seen: Seen,
): Promise<Run> {
  const session = async <T>(run: (client: Client) => Promise<T>): Promise<T> => {
    const client = pipeClient(startCommand(command, env))
    try {
      return await run(client)
    } finally {
      await client.close()
    }
  }
  const first = await session(async (client) => {
    const answers = await legacy(client, server)
    await seen(1)
    return answers
  })
  const second = await session(async (client) => {
    const answers = await modern(client, server)
    if (answers.modernCall !== undefined) await seen(2)
    return answers
  })
  return combined(first, second)
}

interface Standing {
  /** Origin that clients are to ask. */
  readonly base: string
  close(): Promise<void>
}
/** A server that listens, and the proxy in front of it where there is one. */
export async function standing(
  { port }: Place,
  command: Command,
  env: Readonly<Record<string, string>>,
  proxyEnv: Readonly<Record<string, string>> | undefined,
): Promise<Standing> {
  const started: Started[] = []
  const close = async (): Promise<void> => {
    for (const one of started.splice(0).reverse()) {
      one.child.kill('SIGTERM')
      await endCommand(one)
    }
  }
  try {
    const behind = startCommand(command, env)
    started.push(behind)
    await listening(port, behind)
    if (proxyEnv === undefined) return { base: `http://127.0.0.1:${port}`, close }
    const front = await freePort()
    const [target, listen] = [`http://127.0.0.1:${port}`, `127.0.0.1:${front}`]
    const argv = [process.execPath, MAIN, 'proxy', '--target', target, '--listen', listen]
    const proxy = startCommand({ argv }, proxyEnv)
    started.push(proxy)
    await listening(front, proxy)
    return { base: `http://${listen}`, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** How a command is started so that it is watched in this way; `env` says where events go. */
export function watchedCommand(
  server: ServerEntry,
  way: Way,
  place: Place,
  env: Readonly<Record<string, string>>,
): {
  readonly command: Command
  readonly own: Readonly<Record<string, string>>
  readonly proxyEnv: typeof env | undefined
} {
  const command = way === 'code' ? server.code!(place) : server.command(place)
  if (way === 'wrap') return { command: wrapped(command), own: env, proxyEnv: undefined }
  if (way === 'register') return { command, own: { ...env, NODE_OPTIONS: `--import=${REGISTER}` }, proxyEnv: undefined }
  return { command, own: way === 'code' ? env : {}, proxyEnv: way === 'proxy' ? env : undefined }
}

async function overHttp(server: ServerEntry, { base, close }: Standing, seen: Seen): Promise<Run> {
  try {
    const path = server.path ?? '/mcp'
    const first = server.transport === 'sse' ? await sseClient(base, path) : httpClient(base, path)
    const opened = await legacy(first, server)
    await first.close()
    // The transport of 2024 has no other opening.
    const isOld = server.transport === 'sse'
    const run = combined(opened, isOld ? { discover: { status: 0 } } : await modern(httpClient(base, path), server))
    await seen(run.calls)
    return run
  } finally {
    await close()
  }
}

type Legacy = Pick<Answers, 'initialize' | 'list' | 'call'>
type Modern = Pick<Answers, 'discover' | 'modernList' | 'modernCall'>
const combined = (first: Legacy, second: Modern): Run => ({
  answers: { ...first, ...second },
  calls: second.modernCall === undefined ? 1 : 2,
})

async function legacy(client: Client, { call }: Pick<ServerEntry, 'call'>): Promise<Legacy> {
  const initialize = await client.ask('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: CLIENT,
  })
  await client.tell('notifications/initialized')
  return { initialize, list: await client.ask('tools/list', {}), call: await client.ask('tools/call', call) }
}

async function modern(client: Client, { call }: Pick<ServerEntry, 'call'>): Promise<Modern> {
  const discover = await client.ask('server/discover', { _meta: META })
  if (discover.result === undefined) return { discover }
  return {
    discover,
    modernList: await client.ask('tools/list', { _meta: META }),
    modernCall: await client.ask('tools/call', { ...call, _meta: META }),
  }
}

/** Times, ids, ports and the folder vary by themselves. */
const steady = (json: string, { folder, port }: Place): string =>
  json
    .replaceAll(folder, '@FOLDER@')
    .replaceAll(String(port), '@PORT@')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?/g, '@TIME@')
    .replace(/[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}/gi, '@ID@')

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
