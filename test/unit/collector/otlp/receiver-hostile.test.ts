/** Hostile bodies at the receiver, rows 18 to 25 of the fault table: a bad record is a dead letter, its good neighbours arrive. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  attributed,
  bodied,
  closeAll,
  forget,
  JSON_TYPE,
  json,
  pairs,
  raw,
  record,
  request,
  seen,
  send,
  start,
} from './receiver-bed.ts'

let port = 0
beforeAll(async () => {
  port = await start()
})
afterAll(closeAll)
afterEach(forget)

const many = Object.fromEntries(Array.from({ length: 40_000 }, (_, index) => [`k${index}`, index]))
/** Where the 32nd level stands. */
const nestedField = ['x', ...Array.from({ length: 31 }, () => '0')].join('.')

describe('hostile bodies: the bad record is a dead letter, its neighbours arrive', () => {
  const cases: readonly (readonly [string, string | Buffer, string])[] = [
    ['row 18: a record of the wrong type', '7', 'record'],
    ['row 18: a body that is no text', '{"eventName":"mcp_audit.tool.call","body":{"intValue":7}}', 'body'],
    ['row 18: a body that is no JSON', bodied('{"eventId":'), 'body'],
    ['row 18: a missing field', record({ eventId: undefined }), 'eventId'],
    ['row 18: an unknown event type', record({ eventType: 'tool.exploded' }), 'eventType'],
    ['row 18: a field of the wrong type', raw('producerSeq', '"7"'), 'producerSeq'],
    ['row 18: a null', raw('clientName', 'null'), 'clientName'],
    ['row 19: a lone surrogate, escaped in the event', raw('clientName', '"\\udc00"'), 'clientName'],
    ['row 19: a lone surrogate, escaped in the request', raw('clientName', '"\udc00"'), 'body'],
    ['row 19: a negative count', raw('producerSeq', '-1'), 'producerSeq'],
    ['row 20: 2^53 + 1', raw('producerSeq', '9007199254740993'), 'producerSeq'],
    ['row 20: 2^53 + 1 in an attribute', attributed('x', '{"intValue":"9007199254740993"}'), 'attributes.x'],
    ['row 20: NaN', raw('durationMs', 'NaN'), 'body'],
    ['row 20: NaN in an attribute', attributed('x', '{"doubleValue":"NaN"}'), 'attributes.x'],
    ['row 20: Infinity', raw('durationMs', '1e999'), 'durationMs'],
    [
      'row 21: bytes that are not UTF-8',
      Buffer.concat([Buffer.from('{"eventName":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
      'eventName',
    ],
    [
      'row 21: bytes that are not UTF-8 in a body',
      Buffer.concat([
        Buffer.from('{"eventName":"mcp_audit.tool.call","body":{"stringValue":"{}'),
        Buffer.from([0xc3, 0x28]),
        Buffer.from('"}}'),
      ]),
      'body',
    ],
    ['row 21: NUL in a name', raw('clientName', '"a\\u0000b"'), 'clientName'],
    [
      'row 22: 4 * 10^4 attributes, each unknown',
      record({}, `,"attributes":${JSON.stringify(pairs(many))}`),
      'attributes.k32768',
    ],
    ['row 22: an attribute key of 100 KB', attributed('k'.repeat(100_000), '{}'), `attributes.${'k'.repeat(117)}`],
    ['row 22: an event of 10^5 levels', raw('x', `${'['.repeat(100_000)}${']'.repeat(100_000)}`), nestedField],
    ['row 23: a text over the limit', record({ clientName: 'x'.repeat(513) }), 'clientName'],
    ['row 23: a record over the limit', record({ unknown: 'x'.repeat(1_048_576) }), 'body'],
    ['row 25: the key __proto__', raw('__proto__', '{"polluted":true}'), '__proto__'],
    [
      'row 25: the key __proto__, escaped and within',
      raw('args', '[{"\\u005f_proto__":{"polluted":true}}]'),
      'args.0.__proto__',
    ],
    ['row 25: the key constructor', raw('constructor', '"polluted"'), 'constructor'],
    ['row 25: an attribute __proto__', attributed('__proto__', '{"stringValue":"polluted"}'), 'attributes.__proto__'],
    ['an id of the wrong length', record({}, ',"spanId":"abcd"'), 'spanId'],
  ]
  it.each(cases)('%s', async (_, bad, fieldName) => {
    const [before, after] = [record(), record()]
    const whole = request(before, '@@', after)
    const cut = whole.indexOf('@@')
    const big = await start({ limits: { requestBytes: 4 * 1024 * 1024, inFlightBytes: 64 * 1024 * 1024 } })
    const answer = await send(
      big,
      Buffer.concat([Buffer.from(whole.slice(0, cut)), Buffer.from(bad as string), Buffer.from(whole.slice(cut + 2))]),
    )
    expect([answer.status, json(answer).partialSuccess?.rejectedLogRecords]).toEqual([200, '1'])
    expect(seen.events).toHaveLength(2)
    expect(seen.letters).toMatchObject([
      {
        field: fieldName,
        tenant: 'default',
        reason: expect.stringMatching(/./),
        digest: expect.stringMatching(/^[0-9a-f]+$/),
      },
    ])
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it('row 21: control, bidi and ANSI characters in a name are kept as data and never reach an answer or a dead letter raw', async () => {
    const hostile = '\u001b[31m\r\n\u202Eevil'
    expect((await send(port, request(record({ clientName: hostile })))).status).toBe(200)
    expect(seen.events[0]).toMatchObject({ clientName: hostile })
    const answer = await send(port, request(attributed(hostile, '{"intValue":"x"}')))
    expect(answer.body.toString() + JSON.stringify(seen.letters)).not.toMatch(
      /[\u0000-\u001f\u202e]|\\u001b|\\u202e|\\r|\\n/,
    )
  })

  it('row 25: the last of repeated keys is what is stored', async () => {
    await send(port, request(raw('clientName', '"first","clientName":"last"')))
    expect(seen.events.map((event) => event.clientName)).toEqual(['last'])
  })

  it('row 22: a depth bomb of 10^6 is 400, and the service lives', async () => {
    const big = await start({ limits: { requestBytes: 8 * 1024 * 1024, inFlightBytes: 64 * 1024 * 1024 } })
    const answer = await send(big, '{"a":'.repeat(1_000_000))
    expect([answer.status, json(answer).message]).toEqual([400, 'values nested deeper than 32'])
    expect((await send(big, request(record()))).status).toBe(200)
  })

  const zeros = Buffer.alloc(100_000_000)
  it.each([
    ['a gzip bomb', gzipSync(zeros), 'gzip', 64],
    ['a zstd bomb', zstdCompressSync(zeros), 'zstd', 64],
    // Bytes that really come over the wire leave V8 dead buffers to collect, which it does at some tens of megabytes.
    ['100 MB as they are', zeros, 'identity', 128],
  ])(
    'rows 23 and 24: %s, sent twelve times, is 413 each time and the memory of the service stays flat',
    async (_, body, encoding, maxGrowthMegabytes) => {
      const child = spawn(process.execPath, [fileURLToPath(new URL('receiver-process.ts', import.meta.url))], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      try {
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
        const next = async () => Number((await lines.next()).value)
        const peak = () => {
          child.stdin.write('\n')
          return next()
        }
        const to = await next()
        for (let round = 0; round < 20; round++) await send(to, request(...Array.from({ length: 100 }, () => record())))
        const before = await peak()
        for (let round = 0; round < 12; round++) {
          const length: { [name: string]: string } = round % 2 === 0 ? {} : { 'transfer-encoding': 'chunked' }
          expect((await send(to, body, { 'content-encoding': encoding, ...length })).status).toBe(413)
        }
        expect((await peak()) - before).toBeLessThan(maxGrowthMegabytes * 1024 * 1024)
        expect((await send(to, request(record()))).status).toBe(200)
      } finally {
        child.kill()
        await once(child, 'exit')
      }
    },
  )

  it('a zstd frame that asks for a window of 128 MB is refused', async () => {
    // Magic, descriptor without single segment, window descriptor 0x88 (2^27 bytes), one empty last block.
    const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88, 0x01, 0x00, 0x00])
    const answer = await send(port, frame, { 'content-encoding': 'zstd' })
    expect([answer.status, json(answer).message]).toEqual([400, 'the body does not decompress'])
  })

  it('a client that goes away in the middle leaves no bytes in flight', async () => {
    const small = await start({ limits: { requestBytes: 1_000_000, inFlightBytes: 1_000_000 } })
    for (let round = 0; round < 3; round++) {
      const socket = connect(small, '127.0.0.1')
      socket.write(
        `POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: ${JSON_TYPE}\r\ncontent-length: 900000\r\n\r\n${'x'.repeat(800_000)}`,
      )
      await new Promise((resolve) => setTimeout(resolve, 20))
      socket.destroy()
      await once(socket, 'close')
    }
    await expect.poll(async () => (await send(small, Buffer.alloc(900_000, ' '))).status).toBe(400)
  })
})
