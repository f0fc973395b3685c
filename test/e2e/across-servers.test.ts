// What is seen on several servers, through the whole service: one log in the folder, or partitions of events and keys on a broker.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../cli/configuration.ts'
import { ROLES, type Service, startService } from '../../cli/service.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import { brokers, skipReason, uniqueName } from '../kafka/broker.ts'
import { post, sent } from './telemetry-in.ts'

const REVOKED = 'tok-013-revoked-principal'
const AGENTS = 'tok-014-many-agents'
const person = 'b'.repeat(32)
const HOUR_MS = 3_600_000
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString()
const secondsAgo = (ms: number): number => Math.floor((Date.now() - ms) / 1_000)

/** Somebody whose account was closed an hour ago gets in at one server, and one application calls as three agents on three. */
function story(): AuditEvent[] {
  const uses = ['hr', 'wiki', 'mail'].map((serverId, i) =>
    sent({
      ...{ eventType: 'auth.token.validated', serverId, eventTime: ago((3 - i) * 1_000), principalKey: person },
      ...{ issuedAt: secondsAgo(2 * HOUR_MS), tokenKind: 'jwt' },
    }),
  )
  const calls = ['hr', 'wiki', 'mail'].map((serverId, i) =>
    sent({
      ...{ serverId, clientKey: 'one-for-all', clientName: `agent-${i}`, principalKind: 'workload' },
      eventTime: ago((3 - i) * 1_000),
    }),
  )
  return [...uses, ...calls]
}
const revocation = (): AuditEvent =>
  sent({
    ...{ eventType: 'identity.revoked', serverId: '*', eventTime: ago(HOUR_MS), subjectKind: 'principal' },
    ...{ subjectKey: person, revokedAt: secondsAgo(HOUR_MS), reason: 'account-disabled' },
  })

describe.each([
  ['embedded', true],
  ['kafka', brokers.length > 0],
] as const)(`across servers, on the %s bus${skipReason}`, (bus, isThere) => {
  let dataDir: string
  let service: Service | undefined
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'across-'))
  })
  afterEach(async () => {
    await service?.stop()
    rmSync(dataDir, { recursive: true, maxRetries: 3 })
  })
  const ask = async (sql: string): Promise<unknown> =>
    JSON.parse(`[${(await service!.store.query(sql, { format: 'JSONCompactEachRow' })).trim().replaceAll('\n', ',')}]`)

  it.skipIf(!isThere)('a fact about all servers and what each of them saw meet in one finding', async () => {
    const prefix = `${uniqueName('across')}.`
    const flags = {
      otlp: '127.0.0.1:0',
      admin: '127.0.0.1:0',
      sql: 'off',
      targets: {},
      'kafka.partitions': 3,
      'kafka.prefix': prefix,
    }
    service = await startService({
      settings: loadConfig({ KAFKA_BROKERS: brokers.join(',') }, flags),
      ...{ dataDir, bus, roles: ROLES, logLevel: 'error' },
    })
    expect((await post(service.otlpUrl, [revocation()])).status).toBe(200)
    await service.settled()
    expect((await post(service.otlpUrl, story())).status).toBe(200)
    await service.settled()
    const found = `SELECT rule, uniqExact(finding_id) FROM findings WHERE rule IN ('${REVOKED}', '${AGENTS}') GROUP BY rule ORDER BY rule`
    expect(await ask(found)).toEqual([
      [REVOKED, expect.anything()],
      [AGENTS, expect.anything()],
    ])
    expect(await ask(`SELECT DISTINCT principal_key FROM findings WHERE rule = '${REVOKED}'`)).toEqual([[person]])
    // It lies in every partition of the log, and once in the store.
    expect(await ask("SELECT count(), uniqExact(event_id) FROM events WHERE server_id = '*'")).toEqual([[1, 1]])
    expect(await ask("SELECT count() > 0 FROM alerts WHERE rule = 'tok-014-many-agents'")).toEqual([[1]])
  })
})
