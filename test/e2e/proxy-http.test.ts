/** What HTTP is on both sides of the proxy: every status, header, byte and break-off is the one that would be there without it. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { behind, closeBed, type Handler } from './proxy-bed.ts'

afterEach(closeBed)

/** What comes back for bytes on a socket, until the other side closes. */
async function raw(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(bytes)
  return text(socket)
}
/** Without the headers of the connection, which are each side's own. */
const endToEnd = (answer: string): string => answer.replace(/^(Connection|Keep-Alive): .*\r\n/gim, '')

const plainHeaders: Handler = (_request, response) => {
  response.sendDate = false
  response.writeHead(201, 'Made It', [
    ['Set-Cookie', 'a=1'],
    ['X-Mixed-Case', 'kept'],
    ['set-cookie', 'b=2'],
    ['Content-Length', '2'],
    ['Access-Control-Allow-Origin', '*'],
  ] as never)
  response.end('ok')
}

describe('an answer', () => {
  it.each<[string, Handler, string]>([
    [
      'status line, header order, spelling and repetition',
      plainHeaders,
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    ],
    [
      'an answer without a body',
      (_r, response) => response.writeHead(204).end(),
      'DELETE /a?b=c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    ],
    ['a HEAD answer', plainHeaders, 'HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['an answer to HTTP/1.0', plainHeaders, 'GET / HTTP/1.0\r\n\r\n'],
    ['OPTIONS *', plainHeaders, 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    [
      'chunks with trailers',
      (_r, response) => {
        response.sendDate = false
        response.writeHead(200, { Trailer: 'X-Sum', 'Transfer-Encoding': 'chunked' })
        response.write('part')
        response.addTrailers({ 'X-Sum': '42' })
        response.end()
      },
      'GET / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: close, TE\r\n\r\n',
    ],
    [
      'not modified',
      (_r, response) => {
        response.sendDate = false
        response.writeHead(304, { ETag: '"1"' }).end()
      },
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    ],
  ])('%s is the same', async (_name, handler, bytes) => {
    const { server, proxy } = await behind((request, response) => {
      response.sendDate = false
      handler(request, response)
    })
    const plain = await raw(server.url, bytes)
    expect(plain).toContain('HTTP/1.1')
    expect(endToEnd(await raw(proxy.url, bytes))).toBe(endToEnd(plain))
  })
  it('a compressed body passes untouched', async () => {
    const body = gzipSync('{"jsonrpc":"2.0","id":1,"result":{}}')
    const { proxy } = await behind((_request, response) => {
      response.writeHead(200, {
        'content-encoding': 'gzip',
        'content-type': 'application/json',
        'content-length': body.length,
      })
      response.end(body)
    })
    const request = httpRequest(`${proxy.url}/mcp`, { method: 'POST', headers: { 'content-type': 'application/json' } })
    request.end('{}')
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const chunks: Buffer[] = []
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
    expect(Buffer.concat(chunks)).toEqual(body)
    expect(response.headers['content-length']).toBe(String(body.length))
  })
  it('one that breaks off in the middle does not look whole', async () => {
    const { proxy } = await behind((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: half\n\n', () => response.socket?.destroy())
    })
    const answer = await fetch(proxy.url)
    expect(answer.status).toBe(200)
    await expect(answer.text()).rejects.toThrow()
  })
  it('early hints come before it', async () => {
    const { proxy } = await behind((_request, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' })
      response.end('ok')
    })
    const request = httpRequest(proxy.url)
    const [hints, answer] = [once(request, 'information'), once(request, 'response')]
    request.end()
    const [{ statusCode }] = (await hints) as [{ statusCode: number }]
    expect(statusCode).toBe(103)
    const [response] = (await answer) as [IncomingMessage]
    expect(await text(response)).toBe('ok')
  })
})

describe('a request', () => {
  const echo: Handler = (request, response) => {
    const digest = createHash('sha256')
    request.on('data', (chunk) => digest.update(chunk))
    request.on('end', () => {
      const { method, url, rawHeaders, rawTrailers } = request
      response.end(JSON.stringify({ method, url, rawHeaders, rawTrailers, body: digest.digest('hex') }))
    })
  }
  interface Echoed {
    readonly method: string
    readonly url: string
    readonly rawHeaders: string[]
    readonly rawTrailers: string[]
    readonly body: string
  }
  const asked = async (url: string, bytes: string): Promise<Echoed> => {
    const answer = await raw(url, bytes)
    return JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)) as Echoed
  }
  const without = (headers: readonly string[], ...names: string[]): string[] =>
    headers.filter((_, at) => !names.includes(headers[at - (at % 2)]!.toLowerCase()))

  it('reaches the server with its path, headers, chunks and trailers', async () => {
    const { server, proxy } = await behind(echo)
    const bytes = [
      'POST /mcp/../a%2Fb?x=1&y=%20 HTTP/1.1',
      'hOST: evil.example',
      'X-Odd: one',
      'Authorization: Bearer abc',
      'x-odd: two',
      'X-Forwarded-For: 1.2.3.4',
      'Mcp-Session-Id: s',
      'Trailer: X-End',
      'Transfer-Encoding: chunked',
      'Connection: close, X-Hop',
      'X-Hop: only here',
      '',
      '5\r\nhello\r\n0\r\nX-End: yes\r\n',
      '',
    ].join('\r\n')
    const [plain, through] = [await asked(server.url, bytes), await asked(proxy.url, bytes)]
    expect(through.rawTrailers).toEqual(['X-End', 'yes'])
    expect({ ...through, rawHeaders: without(through.rawHeaders, 'connection', 'transfer-encoding') }).toEqual({
      ...plain,
      rawHeaders: without(plain.rawHeaders, 'connection', 'transfer-encoding', 'x-hop'),
    })
  })
  it('a DELETE and a GET with a body keep it', async () => {
    const { server, proxy } = await behind(echo)
    for (const head of ['DELETE /a HTTP/1.1\r\nTransfer-Encoding: chunked', 'GET /a HTTP/1.1\r\nContent-Length: 15']) {
      const body = head.includes('chunked') ? '5\r\nhello\r\n0\r\n\r\n' : 'hello, old body'
      const bytes = `${head}\r\nHost: x\r\nConnection: close\r\n\r\n${body}`
      expect((await asked(proxy.url, bytes)).body).toBe((await asked(server.url, bytes)).body)
    }
  })
  it('names of the proxy mean the target, and every other Host is left for the server to judge', async () => {
    const { server, proxy } = await behind(echo, { ownHosts: ['mcp.example'] })
    const { port } = new URL(proxy.url)
    const target = new URL(server.url).host
    const hostFor = async (host: string) => {
      const { rawHeaders } = await asked(proxy.url, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      return rawHeaders[rawHeaders.indexOf('Host') + 1]
    }
    expect(await hostFor(`127.0.0.1:${port}`)).toBe(target)
    expect(await hostFor(`LOCALHOST:${port}`)).toBe(target)
    expect(await hostFor(`[::1]:${port}`)).toBe(target)
    expect(await hostFor(`mcp.example:${port}`)).toBe(target)
    for (const other of ['evil.example', `evil.example:${port}`, 'localhost', 'localhost:1', '$%&'])
      expect(await hostFor(other)).toBe(other)
    const kept = await behind(echo, { keepHost: true })
    const own = new URL(kept.proxy.url).host
    const { rawHeaders } = await asked(kept.proxy.url, `GET / HTTP/1.1\r\nHost: ${own}\r\nConnection: close\r\n\r\n`)
    expect(rawHeaders).toContain(own)
  })
  it('X-Forwarded headers pass, or are continued where that is asked for', async () => {
    const { proxy } = await behind(echo, { forwarding: 'add' })
    const { host } = new URL(proxy.url)
    const of = async (more: string) => {
      const { rawHeaders } = await asked(
        proxy.url,
        `GET / HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`,
      )
      const found = new Map(
        rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1]]] : [])) as [
          string,
          string,
        ][],
      )
      return ['x-forwarded-for', 'x-forwarded-proto'].map((name) => found.get(name))
    }
    expect(await of('')).toEqual(['127.0.0.1', 'http'])
    expect(await of('X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n')).toEqual([
      '1.2.3.4, 127.0.0.1',
      'https',
    ])
  })
  it('waits for 100 Continue as long as the server makes it wait', async () => {
    const { proxy } = await behind((request, response) => {
      if (request.headers['x-refuse'] !== undefined) {
        response.writeHead(417).end()
        return
      }
      response.writeContinue()
      echo(request, response)
    })
    const ask = async (headers: Record<string, string>) => {
      const request = httpRequest(proxy.url, {
        method: 'POST',
        headers: { expect: '100-continue', 'content-length': 5, ...headers },
      })
      let continued = false
      request.on('continue', () => {
        continued = true
        request.end('hello')
      })
      request.on('error', () => undefined)
      request.flushHeaders()
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      const body = await text(response)
      request.destroy()
      return [response.statusCode, continued, body.includes(createHash('sha256').update('hello').digest('hex'))]
    }
    expect(await ask({})).toEqual([200, true, true])
    expect(await ask({ 'x-refuse': '1' })).toEqual([417, false, false])
  })
  it('20 MB each way arrive as they were sent, over one kept connection', async () => {
    let sockets = 0
    const { proxy, server } = await behind((request, response) => {
      sockets = Math.max(sockets, server.sockets.size)
      request.pipe(response)
    })
    const body = randomBytes(20_000_000)
    const digest = createHash('sha256').update(body).digest('hex')
    for (let at = 0; at < 3; at++) {
      const answer = await fetch(proxy.url, { method: 'POST', body })
      expect(
        createHash('sha256')
          .update(Buffer.from(await answer.arrayBuffer()))
          .digest('hex'),
      ).toBe(digest)
    }
    expect(sockets).toBe(1)
    expect(proxy.copies.used).toBe(0)
  })
  it('for another server is refused: the target is fixed', async () => {
    const { proxy } = await behind(echo)
    const answer = await raw(
      proxy.url,
      'GET http://elsewhere.example/ HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n',
    )
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('has one fixed target')
    expect(
      await raw(proxy.url, 'CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: elsewhere.example:443\r\n\r\n'),
    ).not.toContain('200')
  })
})
