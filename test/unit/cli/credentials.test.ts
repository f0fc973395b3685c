/** Credentials: each name and each secret speaks for one tenant. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { followBearers, loadKeys } from '../../../cli/credentials.ts'
import { bearerCallers } from '../../../collector/otlp/credentials.ts'
import { config } from '../../../schemas/config.ts'
import { RecordedTelemetry } from '../../fakes/telemetry.ts'

const secret = 'a'.repeat(32)
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'credentials-'))
  await writeFile(join(folder, 'a'), `${secret}\n`)
  await writeFile(join(folder, 'b'), `${'b'.repeat(40)}\n`)
  await writeFile(join(folder, 'short'), 'a'.repeat(31))
})
afterAll(() => rm(folder, { recursive: true }))
const load = (...credentials: { keyId: string; file: string; [field: string]: unknown }[]) =>
  loadKeys(
    config.parse({
      credentials: credentials.map(({ file, ...rest }) => ({
        tenant: 't',
        ...rest,
        secret: `file:${join(folder, file)}`,
      })),
    }),
  )

it('reads the secret of each, and knows for whom it speaks', async () => {
  expect(
    await load({ keyId: 'k1', file: 'a', servers: ['hr'] }, { keyId: 'k2', file: 'b', tenant: 'u', role: 'collector' }),
  ).toEqual([
    {
      keyId: 'k1',
      secret,
      tenant: 't',
      servers: ['hr'],
      role: 'producer',
      caller: { tenant: 't', servers: ['hr'], producer: 'k1', claimed: false },
    },
    expect.objectContaining({ keyId: 'k2', tenant: 'u', role: 'collector', servers: [] }),
  ])
})
it('refuses a secret below 32 characters or one that is not there, by name and without its value', async () => {
  await expect(load({ keyId: 'k1', file: 'short' })).rejects.toMatchObject({
    code: 'config_invalid',
    message: 'credentials: k1: secret must have at least 32 characters',
  })
  await expect(load({ keyId: 'k1', file: 'nothing' })).rejects.toMatchObject({ code: 'config_invalid' })
})
it('refuses two credentials of one name or one secret', async () => {
  await expect(load({ keyId: 'k1', file: 'a' }, { keyId: 'k1', file: 'b' })).rejects.toThrow('k1: is the name of two')
  await expect(load({ keyId: 'k1', file: 'a' }, { keyId: 'k2', file: 'a' })).rejects.toThrow('k2: has the secret of k1')
})
it('follows the file of a bearer token while it runs; one that is too short leaves the one before', async () => {
  const telemetry = new RecordedTelemetry()
  const path = join(folder, 'followed')
  await writeFile(path, 'f'.repeat(32), { mode: 0o644 })
  const settings = config.parse({ credentials: [{ keyId: 'k1', tenant: 't', secret: `file:${path}` }] })
  const keys = await loadKeys(settings, telemetry)
  const { bearers, stop } = followBearers(settings, keys, telemetry, 2)
  const authenticate = bearerCallers(bearers)
  const isKnown = (token: string) => authenticate({ authorization: `Bearer ${token}` }) !== undefined
  expect(isKnown('f'.repeat(32))).toBe(true)
  const replace = async (value: string): Promise<void> => {
    await writeFile(`${path}.new`, value)
    await rename(`${path}.new`, path)
  }
  await replace('short')
  await expect.poll(() => telemetry.logs.map(({ name }) => name), { timeout: 10_000 }).toContain('secret_unreadable')
  expect(isKnown('f'.repeat(32))).toBe(true)
  await replace('g'.repeat(32))
  await expect.poll(() => isKnown('g'.repeat(32)), { timeout: 10_000 }).toBe(true)
  expect(isKnown('f'.repeat(32))).toBe(false)
  stop()
  // Records in the log were signed with what it was at the start.
  expect(keys[0]!.secret).toBe('f'.repeat(32))
  expect(telemetry.logs.map(({ name }) => name)).toEqual(['secret_exposed', 'secret_unreadable', 'secret_changed'])
  expect(JSON.stringify(telemetry.logs)).not.toMatch(/f{32}|g{32}|short"/)
})
