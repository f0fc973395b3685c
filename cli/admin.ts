/** The admin address: health, metrics, and read-only SQL for the other commands. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { z } from 'zod'
import { BLIND_SPOTS } from '../detectors/blind-spots.ts'
import { AuditdError } from '../schemas/errors.ts'
import type { EventStore } from '../schemas/ports.ts'
import { isLoopback, splitAddress } from './configuration.ts'
import { coverageSql } from './coverage-report.ts'
import type { ServiceTelemetry } from './telemetry.ts'

/** Name of a check and, when it fails, why. */
export type Checks = () => Promise<Readonly<Record<string, true | string>>>
export interface AdminParts {
  readonly address: string
  readonly dataDir: string
  readonly store: EventStore
  readonly telemetry: ServiceTelemetry
  readonly ready: Checks
}
export interface Admin {
  readonly url: string
  close(): Promise<void>
}
const queryBody = z.strictObject({
  sql: z.string().min(1).max(100_000),
  format: z.string().max(64).default('PrettyCompactMonoBlock'),
})
const coverageQuery = z.strictObject({
  server: z.string().optional(),
  rule: z.string().optional(),
  state: z.string().optional(),
})
const FILE = 'admin.json'

/** `/livez`, `/readyz` and `/metrics` are open; SQL needs the token that only the owner of the data folder can read. */
export async function startAdmin({ address, dataDir, store, telemetry, ready }: AdminParts): Promise<Admin> {
  const token = randomBytes(24).toString('hex')
  const server = fastify({ logger: false, bodyLimit: 1024 * 1024 })
  // A web page can give its own name this address (DNS rebinding), but then the request carries that name.
  if (isLoopback(address))
    server.addHook('onRequest', async (request, reply) => {
      if (!isLoopback(request.headers.host ?? ''))
        await reply.code(403).send({ error: 'admin: host: must be loopback' })
    })
  server.get('/livez', () => ({ status: 'alive' }))
  const readiness = async (_request: FastifyRequest, reply: FastifyReply) => {
    const checks = await ready()
    const failed = Object.values(checks).some((check) => check !== true)
    return reply.code(failed ? 503 : 200).send({ status: failed ? 'not ready' : 'ready', checks })
  }
  server.get('/readyz', readiness)
  server.get('/healthz', readiness)
  server.get('/metrics', (request, reply) => {
    reply.hijack()
    telemetry.scrape(request.raw, reply.raw)
  })
  const owner = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (!sameToken(request.headers.authorization, token))
      await reply.code(401).send({ error: 'admin: authorization: the token of the data folder is required' })
  }
  server.post('/v1/query', { onRequest: owner }, async (request, reply) => {
    const body = queryBody.safeParse(request.body)
    if (!body.success)
      return reply
        .code(400)
        .send({ error: `admin: ${body.error.issues[0]?.path.join('.')}: ${body.error.issues[0]?.message}` })
    try {
      const answer = await store.query(body.data.sql, { format: body.data.format })
      return reply.type('text/plain').send(answer)
    } catch (error) {
      const kind = error instanceof AuditdError ? error.kind : 'invariant'
      return reply
        .code(kind === 'usage' ? 422 : kind === 'transient' ? 503 : 500)
        .send({ error: (error as Error).message })
    }
  })
  server.get('/v1/coverage', { onRequest: owner }, async (request, reply) => {
    const filter = coverageQuery.safeParse(request.query)
    if (!filter.success)
      return reply.code(400).send({ error: `admin: ${filter.error.issues[0]?.path.join('.')}: not known` })
    const answer = await store.query(coverageSql(filter.data), { format: 'JSON', own: true })
    return { coverage: (JSON.parse(answer) as { data: unknown }).data, blindSpots: BLIND_SPOTS }
  })
  const { host, port } = splitAddress(address)
  const url = await server.listen({ host, port })
  mkdirSync(dataDir, { recursive: true })
  const file = join(dataDir, FILE)
  // Whole or not at all, and with our mode also where an earlier file lies.
  rmSync(`${file}.new`, { force: true })
  writeFileSync(`${file}.new`, JSON.stringify({ url, token, pid: process.pid }), { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return {
    url,
    async close() {
      rmSync(file, { force: true })
      await server.close()
    },
  }
}

function sameToken(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? '')
  const wanted = Buffer.from(`Bearer ${token}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

/** The running service of a data folder; undefined when none runs. */
export function runningService(dataDir: string): { readonly url: string; readonly token: string } | undefined {
  try {
    const { url, token, pid } = JSON.parse(readFileSync(join(dataDir, FILE), 'utf8')) as {
      url: string
      token: string
      pid: number
    }
    process.kill(pid, 0)
    return { url, token }
  } catch {
    return undefined
  }
}
