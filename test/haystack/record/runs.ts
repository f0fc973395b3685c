/** Runs of published servers for the recording: opened as clients open them, their tools listed, and asked what the plays say. */
import { mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Place, ServerEntry, Way } from '../../servers/catalogue.ts'
import { freePort, standing, watchedCommand } from '../../servers/run.ts'
import { type Client, endCommand, httpClient, pipeClient, sseClient, startCommand } from '../../servers/wire.ts'
import { PLAYS, type Play, type Step } from './plays.ts'
import { PAGES } from './project.ts'

/** Events of one server id within a span of time: a run is what is copied as a whole. */
export interface RecordedRun {
  /** What kind of server it is; runs of one kind are of one server. */
  readonly kind: string
  readonly way: string
  readonly serverId: string
  readonly fromMs: number
  toMs: number
}

const CLIENTS = [
  { name: 'desk', version: '4.1.0' },
  { name: 'editor', version: '1.92.2' },
  { name: 'agent-runner', version: '0.8.3' },
]
/** Not a secret: equal contents have equal hashes in each recording. */
export const KEY = Buffer.from('recording key, no secret, 32 byte').toString('hex').slice(0, 64)
const MODERN = '2026-07-28'

/** Each play in every way its servers can be watched; a server that is not installed is left out. `arrived`: what was sent is stored. */
export async function recordServers(
  servers: readonly ServerEntry[],
  otlp: string,
  scratch: string,
  say: (text: string) => void,
): Promise<RecordedRun[]> {
  const runs: RecordedRun[] = []
  const page = createServer((request, response) => {
    const text = PAGES[request.url?.split('?')[0] ?? '']
    response.writeHead(text === undefined ? 404 : 200, { 'content-type': 'text/html' }).end(text ?? 'not here')
  })
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(page.address() as AddressInfo).port}`
  try {
    for (const play of PLAYS)
      for (const server of servers.filter(({ name }) => name.includes(play.server)))
        for (const way of server.ways.filter((each) => each !== 'plain'))
          for (const [n, steps] of play.sessions.entries())
            for (const era of server.sdk.startsWith('TS v1') || server.transport === 'sse'
              ? (['legacy'] as const)
              : (['legacy', 'modern'] as const)) {
              const kind = `${play.kind}-${server.transport}-${way}`
              const serverId = `${kind}~${n}${era}`
              const run = { kind, way, serverId, fromMs: Date.now(), toMs: 0 }
              try {
                await oneRun(server, way, play, steps, era, { otlp, serverId, folder: join(scratch, 'play'), origin })
                runs.push(run)
                say(`recorded ${serverId}`)
              } catch (error) {
                say(`not recorded ${serverId}: ${String(error).slice(0, 300)}`)
              }
              run.toMs = Date.now()
            }
  } finally {
    page.close()
  }
  return runs
}

interface Where {
  readonly otlp: string
  readonly serverId: string
  readonly folder: string
  readonly origin: string
}
type Era = 'legacy' | 'modern'

async function oneRun(entry: ServerEntry, way: Way, play: Play, steps: readonly Step[], era: Era, where: Where) {
  const { folder, origin } = where
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  ;(play.prepare ?? entry.prepare)?.(folder)
  const place: Place = { folder, port: await freePort() }
  const env = {
    MCP_AUDIT_OTLP_ENDPOINT: where.otlp,
    MCP_AUDIT_SERVER_ID: where.serverId,
    MCP_AUDIT_KEY: KEY,
    MCP_AUDIT_OUTBOUND: 'true',
    MCP_AUDIT_SIDE_EFFECTS: 'true',
  }
  const { command, own, proxyEnv } = watchedCommand(entry, way, place, env)
  const filled = JSON.parse(
    JSON.stringify(steps).replaceAll('@FOLDER@', folder).replaceAll('@PAGE@', origin),
  ) as readonly Step[]
  if (entry.transport === 'stdio') {
    const started = startCommand(command, own)
    const client = pipeClient(started)
    try {
      await session(client, filled, era)
    } finally {
      await client.close()
      await endCommand(started)
    }
    return
  }
  const { base, close } = await standing(place, command, own, proxyEnv)
  try {
    const path = entry.path ?? '/mcp'
    const client = entry.transport === 'sse' ? await sseClient(base, path) : httpClient(base, path)
    await session(client, filled, era)
    await client.close()
  } finally {
    await close()
  }
}

async function session(client: Client, steps: readonly Step[], era: Era): Promise<void> {
  const clientInfo = CLIENTS[steps.length % CLIENTS.length]!
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientInfo': clientInfo,
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const more = era === 'modern' ? { _meta } : {}
  if (era === 'modern') {
    if ((await client.ask('server/discover', more)).result === undefined) throw new Error('speaks no modern protocol')
  } else {
    await client.ask('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo })
    await client.tell('notifications/initialized')
  }
  await client.ask('tools/list', { ...more })
  for (const step of steps) {
    if ('method' in step) await client.ask(step.method, { ...step.params, ...more })
    else await client.ask('tools/call', { name: step[0], arguments: step[1], ...more })
  }
}
