/** Two alerts about one person become one incident, through the store and the outbox of the running service; a restart adds none. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { Alert } from '../../schemas/alert.ts'
import { run, stop, type Up, up } from '../unit/cli/command-line.ts'
import { post, sent, wrongAudience } from './telemetry-in.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'incident-'))
let service: Up | undefined
afterAll(() => {
  if (service?.child.exitCode === null) service.child.kill('SIGKILL')
  rmSync(dataDir, { recursive: true, maxRetries: 3 })
})

const incidents = async (): Promise<readonly Alert[]> => {
  const { stdout } = await run(['alerts', 'list', '--rule', 'auditd-incident', '--format', 'json', '--data', dataDir])
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Alert)
}

it('is raised once, with a query that lists its alerts', { timeout: 180_000 }, async () => {
  service = await up(dataDir)
  const seconds = Math.floor(Date.now() / 1_000)
  const longLived = sent({
    ...{ eventType: 'auth.token.validated', principalKey: 'abcd1234', principalKind: 'user', clientKey: 'ide' },
    ...{ tokenKind: 'jwt', tokenFp: randomUUID(), idtyp: 'user', issuedAt: seconds, notBefore: seconds - 60 },
    ...{ expAt: seconds + 30 * 86_400, clientCapabilities: [], scopes: ['files:read'], roles: [], hop: 'direct' },
    ...{ aud: ['https://hr.example'], expectedAud: ['https://hr.example'] },
  })
  expect((await post(service.otlpUrl, [wrongAudience('abcd1234'), longLived])).status).toBe(200)
  await expect.poll(incidents, { timeout: 60_000, interval: 500 }).toHaveLength(1)
  const [incident] = await incidents()
  expect(incident).toMatchObject({
    severity: 'high',
    principalKey: 'abcd1234',
    entity: 'principal=abcd1234',
    title: 'Incident: 2 alerts about principal abcd1234: tok-001, tok-007',
    status: 'open',
  })
  const ask = async (sql: string) => (await run(['query', sql, '--data', dataDir, '--format', 'TSV'])).stdout
  expect((await ask(incident!.query)).trim().split('\n')).toHaveLength(2)
  expect(await ask("SELECT count() FROM findings WHERE rule = 'auditd-incident'")).toBe('1\n')
  expect(await ask("SELECT subject, score >= 25 FROM entity_risk WHERE subject_kind = 'principal'")).toBe(
    'abcd1234\t1\n',
  )
  await stop(service)
  service = await up(dataDir)
  // The watch looks at its start; a third alert shows that the findings after it were taken.
  expect((await post(service.otlpUrl, [wrongAudience('ffff0000')])).status).toBe(200)
  await expect
    .poll(() => ask("SELECT count() FROM alerts WHERE principal_key = 'ffff0000'"), { timeout: 60_000, interval: 500 })
    .toBe('1\n')
  expect(await incidents()).toMatchObject([{ count: 1, revision: 1 }])
})
