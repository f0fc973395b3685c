/** The checks of `doctor`: each says what it saw, and how to mend it when it must be mended. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import brokers from '../../../../cli/doctor/brokers.ts'
import dataFolder from '../../../../cli/doctor/data-folder.ts'
import identities from '../../../../cli/doctor/identities.ts'
import listeners from '../../../../cli/doctor/listeners.ts'
import nodeVersion from '../../../../cli/doctor/node-version.ts'
import store from '../../../../cli/doctor/store.ts'
import { config } from '../../../../schemas/config.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'doctor-'))
afterAll(() => rmSync(dataDir, { recursive: true }))
const context = (settings: object = {}, folder = dataDir) => ({ settings: config.parse(settings), dataDir: folder })
const listen = () =>
  new Promise<{ address: string; close: () => void }>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      resolve({ address: `127.0.0.1:${port}`, close: () => server.close() })
    })
  })

describe('data folder', () => {
  it('is well when it, or the folder it will be made in, can be written', async () => {
    expect(await dataFolder.run(context())).toMatchObject({ ok: true, saw: expect.stringContaining('GiB free') })
    expect(await dataFolder.run(context({}, join(dataDir, 'a', 'b')))).toMatchObject({ ok: true })
  })
  it.skipIf(process.getuid?.() === 0)(
    'must be mended when it cannot be written (skipped for root, who can)',
    async () => {
      chmodSync(dataDir, 0o500)
      expect(await dataFolder.run(context())).toMatchObject({
        ok: false,
        mend: expect.stringContaining('write access'),
      })
      chmodSync(dataDir, 0o700)
    },
  )
})

describe('identities', () => {
  it('are verified with credentials, claims on loopback, and wrong elsewhere', async () => {
    expect(await identities.run(context())).toMatchObject({ ok: true, saw: expect.stringContaining('claims') })
    const key = { keyId: 'k', secret: 'env:K', tenant: 't' }
    expect(await identities.run(context({ otlp: '0.0.0.0:1', credentials: [key] }))).toMatchObject({ ok: true })
    expect(await identities.run(context({ otlp: '0.0.0.0:1' }))).toMatchObject({
      ok: false,
      saw: expect.stringContaining('0.0.0.0:1'),
      mend: expect.stringContaining('credentials'),
    })
  })
})

describe('addresses', () => {
  it('are free, or in use by another program, which is named', async () => {
    const taken = await listen()
    expect(await listeners.run(context({ otlp: '127.0.0.1:0', admin: '127.0.0.1:0' }))).toMatchObject({ ok: true })
    expect(await listeners.run(context({ otlp: taken.address, admin: '127.0.0.1:0' }))).toMatchObject({
      ok: false,
      saw: `${taken.address} in use`,
    })
    taken.close()
  })
  it('are well when the service of this data folder holds them', async () => {
    const taken = await listen()
    const url = `http://${taken.address}`
    writeFileSync(join(dataDir, 'admin.json'), JSON.stringify({ url, token: 't', pid: process.pid }))
    expect(await listeners.run(context({ otlp: taken.address }))).toMatchObject({
      ok: true,
      saw: expect.stringContaining(url),
    })
    rmSync(join(dataDir, 'admin.json'))
    taken.close()
  })
})

describe('store', () => {
  it('is embedded where chdb is installed', async () => {
    expect(await store.run(context())).toEqual({ ok: true, saw: 'embedded; chdb is installed' })
  })
  it('is a server that answers, or must be mended', async () => {
    const gone = await listen()
    gone.close()
    const server = createHttpServer((request, response) =>
      response.writeHead(request.url === '/ping' ? 200 : 404).end(),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
    expect(await store.run(context({ store: { url } }))).toMatchObject({ ok: true, saw: `${url} answers 200` })
    server.close()
    expect(await store.run(context({ store: { url: `http://${gone.address}` } }))).toMatchObject({
      ok: false,
      saw: expect.stringContaining('ECONNREFUSED'),
    })
  })
})

describe('brokers', () => {
  it('are none, can be reached, or are named when they cannot', async () => {
    const [there, gone] = [await listen(), await listen()]
    gone.close()
    expect(await brokers.run(context())).toMatchObject({ ok: true })
    expect(await brokers.run(context({ kafka: { brokers: [there.address] } }))).toMatchObject({ ok: true })
    expect(await brokers.run(context({ kafka: { brokers: [there.address, gone.address] } }))).toMatchObject({
      ok: false,
      saw: `${gone.address} cannot be reached`,
    })
    there.close()
  })
})

describe('node', () => {
  it('is new enough here', async () => {
    expect(await nodeVersion.run()).toMatchObject({ ok: true, saw: `Node ${process.versions.node}` })
  })
})
