/** A probe: lists of servers of both eras as events seen by a client, the same ones when nothing changed, and no patience with hostile servers. */
import { afterEach, describe, expect, it } from 'vitest'
import { changedEvents, type Told } from '../../../../cli/probe/changed-events.ts'
import { listServer } from '../../../../cli/probe/connect.ts'
import { probeObserver } from '../../../../cli/probe/probe-observer.ts'
import { probe as probeSchema } from '../../../../schemas/job-config.ts'
import { gate, type Listening, listen, sessionsV1, statelessV2 } from '../../../e2e/proxy-servers.ts'

const open: Listening[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})
const opened = async (starting: Promise<Listening>): Promise<Listening> => {
  const server = await starting
  open.push(server)
  return server
}
const NONE = { headers: {}, env: {} }
const at = (url: string, more: object = {}) =>
  probeSchema.parse({ name: 'theirs', url, allowPrivate: true, timeoutMs: 5_000, ...more })
async function heardAt(url: string, more: object = {}) {
  const probe = at(url, more)
  const observer = probeObserver('theirs', 'http')
  await listServer(probe, NONE, observer, AbortSignal.timeout(probe.timeoutMs))
  return observer.events()
}

/** A legacy server by hand, which answers what it is told to. */
function byHand(
  answer: (method: string, params: Record<string, unknown>) => unknown,
  onCall?: (method: string) => void,
): Promise<Listening> {
  return listen((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (request.method !== 'POST') return void response.writeHead(405).end()
      const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString()) as {
        id?: number
        method: string
        params: Record<string, unknown>
      }
      onCall?.(method)
      if (id === undefined) return void response.writeHead(202).end()
      const initialized = {
        protocolVersion: '2025-06-18',
        serverInfo: { name: 'by-hand', version: '1' },
        capabilities: { tools: {} },
      }
      const result = method === 'initialize' ? initialized : answer(method, params)
      const body = result === undefined ? { error: { code: -32_601, message: 'no' } } : { result }
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id, ...body }))
    })
  })
}
const tool = (name: string, description = `Does ${name}.`) => ({ name, description, inputSchema: { type: 'object' } })

describe('listServer', () => {
  it.each([
    ['legacy', 'echo', () => sessionsV1(gate())],
    ['modern', 'note', () => statelessV2(gate())],
  ] as const)('hears the tools of a server of the %s era', async (era, name, start) => {
    const { url } = await opened(start())
    const heard = await heardAt(`${url}/mcp`)
    const registry = heard.find(({ eventType }) => eventType === 'tools.registry') as {
      era?: string
      definitions?: { name: string; hash: string }[]
    }
    expect(registry.era).toBe(era)
    expect(registry.definitions!.map(({ name }) => name)).toContain(name)
    expect(heard.map(({ eventType }) => eventType)).toContain('server.identity')
    expect(heard.filter(({ eventType }) => !/registry$|identity$|content\.finding$/.test(eventType))).toEqual([])
  })
  it('merges pages, and takes definitions that no SDK would', async () => {
    const pages: Record<string, unknown> = {
      '': { tools: [tool('a')], nextCursor: 'two' },
      two: { tools: [{ ...tool('b'), inputSchema: 'none', annotations: 7 }, { name: 9 }] },
    }
    const called: string[] = []
    const server = await opened(
      byHand(
        (method, params) => (method === 'tools/list' ? pages[String(params?.['cursor'] ?? '')] : undefined),
        (method) => called.push(method),
      ),
    )
    const heard = await heardAt(`${server.url}/mcp`)
    const registry = heard.find(({ eventType }) => eventType === 'tools.registry') as unknown as {
      definitions: { name: string }[]
    }
    expect(registry.definitions.map(({ name }) => name)).toEqual(expect.arrayContaining(['a', 'b']))
    expect(called.filter((method) => method === 'tools/call')).toEqual([])
  })
  it('gives up on endless pages, on silence and on answers without end', async () => {
    let page = 0
    const endless = await opened(byHand(() => ({ tools: [tool(`t${++page}`)], nextCursor: String(page) })))
    await expect(heardAt(`${endless.url}/mcp`)).rejects.toThrow('pages')
    const silent = await opened(listen(() => undefined))
    await expect(heardAt(`${silent.url}/mcp`, { timeoutMs: 1_000 })).rejects.toMatchObject({ code: 'target_failed' })
    const large = await opened(
      listen((_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        const more = (): void =>
          void (response.destroyed || response.write('x'.repeat(1_000_000), () => setImmediate(more)))
        more()
      }),
    )
    await expect(heardAt(`${large.url}/mcp`)).rejects.toThrow(/larger than|failed/)
  })
  it('goes to no private address unless it may, and follows no redirect', async () => {
    const asked: string[] = []
    const server = await opened(
      listen((request, response) => {
        asked.push(request.url ?? '')
        response.writeHead(307, { location: '/elsewhere' }).end()
      }),
    )
    await expect(heardAt(`${server.url}/mcp`, { allowPrivate: false })).rejects.toMatchObject({
      code: 'address_denied',
    })
    await expect(heardAt('https://169.254.169.254/mcp')).rejects.toMatchObject({ code: 'address_denied' })
    expect(asked).toEqual([])
    await expect(heardAt(`${server.url}/mcp`)).rejects.toMatchObject({ code: 'target_failed' })
    expect(asked).not.toContain('/elsewhere')
  })
  it('starts a program without our own environment, and says why there is none', async () => {
    const missing = probeSchema.parse({ name: 'none', command: ['/nowhere/at-all'], timeoutMs: 5_000 })
    await expect(
      listServer(missing, NONE, probeObserver('none', 'stdio'), AbortSignal.timeout(5_000)),
    ).rejects.toMatchObject({ code: 'target_failed', message: expect.stringContaining('ENOENT') })
    process.env['PROBE_TEST_SECRET'] = 'kept'
    const script = `
      const answer = (id, result) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n')
      require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
        const { id, method } = JSON.parse(line)
        if (method === 'initialize') answer(id, { protocolVersion: '2025-06-18', serverInfo: { name: 's', version: '1' }, capabilities: { tools: {} } })
        else if (method === 'tools/list') answer(id, { tools: [{ name: String(process.env.PROBE_TEST_SECRET) + process.env.GIVEN, inputSchema: { type: 'object' } }] })
        else if (id !== undefined) process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } }) + '\\n')
      })`
    const probe = probeSchema.parse({ name: 'child', command: [process.execPath, '-e', script], timeoutMs: 20_000 })
    const observer = probeObserver('child', 'stdio')
    await listServer(probe, { headers: {}, env: { GIVEN: 'yes' } }, observer, AbortSignal.timeout(20_000))
    delete process.env['PROBE_TEST_SECRET']
    expect(JSON.stringify(observer.events())).toContain('undefinedyes')
  })
})

describe('changedEvents', () => {
  const probe = { name: 'theirs', tenant: 'acme' }
  const heard = async (description: string) => {
    const server = await opened(
      byHand((method) => (method === 'tools/list' ? { tools: [tool('pay', description)] } : undefined)),
    )
    return heardAt(`${server.url}/mcp`)
  }
  it('tells what is new, nothing when nothing changed, and each change once more', async () => {
    const [one, two] = [await heard('Pays.'), await heard('Pays twice.')]
    const first = changedEvents(probe, one, {}, 1_000)
    expect(first.events.map(({ eventType }) => eventType)).toEqual(['server.identity', 'tools.registry'])
    expect(first.events[1]).toMatchObject({
      tenant: 'acme',
      vantage: 'client',
      serverId: 'theirs',
      eventTime: '1970-01-01T00:00:01.000Z',
    })
    expect(changedEvents(probe, one, first.told, 2_000).events).toEqual([])
    const second = changedEvents(probe, two, first.told, 3_000)
    expect(second.events.map(({ eventType }) => eventType)).toEqual(['tools.registry'])
    const back = changedEvents(probe, one, second.told, 4_000)
    expect(back.events).toHaveLength(1)
    const ids = [first.events[1]!, second.events[0]!, back.events[0]!].map(({ eventId }) => eventId)
    expect(new Set(ids).size).toBe(3)
    // A run that died before it remembered tells the same events.
    expect(changedEvents(probe, two, first.told, 9_000).events[0]!.eventId).toBe(second.events[0]!.eventId)
  })
  it('has nothing to say of a server that says nothing', () => {
    const told: Told = { 'x ': { digest: 'a', changes: 1 } }
    expect(changedEvents(probe, [], told, 0)).toEqual({ events: [], told, refused: 0 })
  })
})
