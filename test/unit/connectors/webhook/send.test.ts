/** One POST: refused addresses never see a socket, TLS is verified, every exchange ends. */
import { afterEach, describe, expect, it } from 'vitest'
import { ANSWER_BYTES, createSend, type SendOptions } from '../../../../connectors/webhook/send.ts'
import type { AuditdError } from '../../../../schemas/errors.ts'
import type { TargetAnswer } from '../../../../schemas/ports.ts'
import { authority, certificate } from '../../../fakes/certificate.ts'
import { type Received, WebhookServer } from '../../../fakes/webhook-server.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})
async function server(
  tls?: { key: string; cert: string },
  answer?: (request: Received) => { status: number; body: string },
) {
  const started = await WebhookServer.start(answer ?? (() => ({ status: 200, body: 'ok' })), tls)
  open.push(started)
  return started
}

/** Sends, and answers what came of it with the sockets that were opened. */
async function sent(url: string, options: Partial<SendOptions> = {}, stop = new AbortController().signal) {
  const sockets: string[] = []
  const send = createSend({
    allowPrivate: false,
    deadlineMs: 2_000,
    onConnect: (address) => sockets.push(address),
    ...options,
  })
  const outcome: { answer?: TargetAnswer; error?: AuditdError } = await send(
    { url, headers: { 'content-type': 'text/plain' }, body: 'hello' },
    stop,
  ).then(
    (answer) => ({ answer }),
    (error: AuditdError) => ({ error }),
  )
  return { ...outcome, sockets }
}
const resolves = (...addresses: string[]) => ({ resolve: async () => addresses })

describe('addresses', () => {
  it.each([
    ['a private address', ['10.0.0.1']],
    ['loopback', ['127.0.0.1']],
    ['cloud metadata', ['169.254.169.254']],
    ['a mapped IPv6 address', ['::ffff:192.168.0.1']],
    ['a NAT64 address', ['64:ff9b::a00:1']],
    ['a public and a private address', ['93.184.215.14', '10.0.0.1']],
  ])('a name that resolves to %s opens no socket', async (_, addresses) => {
    const { error, sockets } = await sent('https://hooks.example/secret-path', resolves(...addresses))
    expect(error?.code).toBe('address_denied')
    expect(error?.message).not.toContain('secret-path')
    expect(sockets).toEqual([])
  })
  it.each([
    'https://2130706433/',
    'https://0177.0.0.1/',
    'https://[::ffff:127.0.0.1]/',
    'https://localhost/',
    'http://93.184.215.14/',
  ])('%s opens no socket', async (url) => {
    const { error, sockets } = await sent(url)
    expect(error?.code).toBe('address_denied')
    expect(sockets).toEqual([])
  })
  it('the address that was checked is the one connected to, although the next answer of the resolver differs', async () => {
    const target = await server()
    const answers = [['127.0.0.1'], ['169.254.169.254']]
    const resolve = async () => answers.shift() ?? []
    const first = await sent(`http://rebind.example:${target.port}/`, { allowPrivate: true, resolve })
    expect(first.answer?.status).toBe(200)
    expect(first.sockets).toEqual(['127.0.0.1'])
    expect(target.received[0]?.headers['host']).toBe(`rebind.example:${target.port}`)
    const second = await sent(`http://rebind.example:${target.port}/`, { allowPrivate: true, resolve })
    expect(second.error?.code).toBe('address_denied')
    expect(second.sockets).toEqual([])
  })
  it('a redirect is an answer and not followed', async () => {
    const inside = await server()
    const target = await server()
    target.faults.push({ redirect: `http://127.0.0.1:${inside.port}/` })
    const { answer, sockets } = await sent(`http://127.0.0.1:${target.port}/`, { allowPrivate: true })
    expect(answer?.status).toBe(302)
    expect(inside.received).toEqual([])
    expect(sockets).toHaveLength(1)
  })
})

describe('the exchange', () => {
  const private_ = { allowPrivate: true, deadlineMs: 300 }
  it('posts method, path, headers and body', async () => {
    const target = await server()
    await sent(`http://127.0.0.1:${target.port}/a/b?c=d`, private_)
    expect(target.received).toMatchObject([
      { method: 'POST', path: '/a/b?c=d', body: 'hello', headers: { 'content-type': 'text/plain' } },
    ])
  })
  it.each(['hang', 'drip', 'accept-then-hang'] as const)('%s ends at the deadline', async (fault) => {
    const target = await server()
    target.faults.push(fault)
    const { error } = await sent(`http://127.0.0.1:${target.port}/secret-path`, private_)
    expect(error?.code).toBe('target_failed')
    expect(error?.message).toBe('webhook: 127.0.0.1: no complete answer within 300 ms')
  })
  it('a resolver that never answers ends at the deadline', async () => {
    const { error } = await sent('https://hooks.example/', {
      deadlineMs: 100,
      resolve: () => new Promise(() => undefined),
    })
    expect(error?.message).toContain('no complete answer within 100 ms')
  })
  it('stopping ends it', async () => {
    const target = await server()
    target.faults.push('hang')
    const stop = new AbortController()
    const outcome = sent(`http://127.0.0.1:${target.port}/`, { allowPrivate: true }, stop.signal)
    stop.abort()
    expect((await outcome).error?.message).toContain('stopped')
  })
  it('a reset and a name without address are failures that can be tried again', async () => {
    const target = await server()
    target.faults.push('reset')
    const reset = await sent(`http://127.0.0.1:${target.port}/secret-path`, private_)
    expect(reset.error).toMatchObject({ code: 'target_failed', kind: 'transient' })
    const unknown = await sent('https://hooks.example/secret-path', {
      resolve: () =>
        Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND hooks.example'), { code: 'ENOTFOUND' })),
    })
    expect(unknown.error).toMatchObject({ code: 'target_failed', message: 'webhook: hooks.example: ENOTFOUND' })
    expect((await sent('https://hooks.example/', resolves())).error?.message).toContain('the name has no address')
  })
  it('reads no more than 64 KB of an endless answer', async () => {
    const target = await server()
    target.faults.push('flood')
    const { answer } = await sent(`http://127.0.0.1:${target.port}/`, { allowPrivate: true })
    expect(answer?.body.length).toBe(ANSWER_BYTES)
  })
})

describe('TLS', () => {
  const ca = authority('Test CA')
  const at = (port: number) => `https://hooks.example:${port}/secret-path`
  const trusting = { allowPrivate: true, ca: ca.cert, resolve: async () => ['127.0.0.1'] }
  it('a certificate of a trusted authority for the name of the URL is taken, although the socket goes to an address', async () => {
    const target = await server(certificate({ name: 'hooks.example', ca }))
    const { answer, error } = await sent(at(target.port), trusting)
    expect(error).toBeUndefined()
    expect(answer).toMatchObject({ status: 200, body: 'ok' })
  })
  it.each([
    [
      'an expired certificate',
      () => certificate({ name: 'hooks.example', ca, fromDays: -20, toDays: -10 }),
      'CERT_HAS_EXPIRED',
    ],
    [
      'a certificate of the future',
      () => certificate({ name: 'hooks.example', ca, fromDays: 10 }),
      'CERT_NOT_YET_VALID',
    ],
    [
      'a certificate for another name',
      () => certificate({ name: 'other.example', ca }),
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
    ['a self-signed certificate', () => certificate({ name: 'hooks.example' }), 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ])('%s is refused before a byte of the alert is sent', async (_, make, code) => {
    const target = await server(make())
    const { error } = await sent(at(target.port), trusting)
    expect(error).toMatchObject({ code: 'target_failed', message: `webhook: hooks.example: ${code}` })
    expect(target.received).toEqual([])
  })
})
