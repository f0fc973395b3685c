/** Credentials: each name and each secret speaks for one tenant. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadKeys } from '../../../cli/credentials.ts'
import { config } from '../../../schemas/config.ts'

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
