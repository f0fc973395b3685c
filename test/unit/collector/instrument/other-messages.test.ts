/** Messages that change nothing anybody decides on: one http.request for a request, nothing for a notification, and nothing doubled. */
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { shutdownAudit } from '../../../../collector/instrument/index.ts'
import { CANARY, legacy, SDKS } from './observed-servers.ts'

afterEach(() => shutdownAudit())

describe.each(SDKS)('%s', (sdk) => {
  const offering = async () => {
    const stage = await legacy(
      sdk,
      (server) =>
        server.registerTool('slow', {}, async (extra: unknown) => {
          const { sendNotification, mcpReq } = extra as { sendNotification?: Notify; mcpReq?: { notify: Notify } }
          const notify = sendNotification ?? mcpReq!.notify
          await notify({ method: 'notifications/progress', params: { progressToken: 1, progress: 1, message: CANARY } })
          await notify({ method: 'notifications/message', params: { level: 'error', data: CANARY } })
          await notify({ method: 'notifications/cancelled', params: { requestId: 4_711, reason: CANARY } })
          return { content: [] }
        }),
      { server: { capabilities: { logging: {} } } },
    )
    await stage.open()
    await expect.poll(() => stage.of('tools.registry').length).toBe(1)
    return stage
  }
  type Notify = (notification: object) => Promise<void>

  it.each([
    ['ping', {}],
    ['logging/setLevel', { level: 'debug' }],
    ['tools/list', {}],
    ['vendor/method', { text: CANARY }],
  ])('a request that changes nothing is one http.request and nothing else: %s', async (method, params) => {
    const { client, sink, of, valid } = await offering()
    const before = sink.events.length
    await client.request({ method, params } as never, z.looseObject({}) as never).catch(() => undefined)
    expect(sink.events.slice(before).map((event) => [event.eventType, event.method])).toEqual([
      ['http.request', method],
    ])
    expect(of('http.request').at(-1)).toMatchObject({ processed: method !== 'vendor/method', status: 0 })
    valid()
  })
  it('progress, log messages and the cancellation of a request by the server are told nowhere', async () => {
    const { client, sink, valid } = await offering()
    await client.ping()
    const before = sink.events.length
    await client.callTool({ name: 'slow' })
    expect(sink.events.slice(before).map(({ eventType }) => eventType)).toEqual(['tool.call', 'tool.result'])
    valid()
  })
  it('notifications of a client are told nowhere', async () => {
    const { client, near, sink } = await offering()
    await client.ping()
    const before = sink.events.length
    for (const method of [
      'notifications/roots/list_changed',
      'notifications/progress',
      'notifications/cancelled',
      'vendor/x',
    ])
      await near.send({ jsonrpc: '2.0', method, params: { progressToken: CANARY, requestId: 9 } })
    await client.ping()
    expect(sink.events.slice(before).map(({ method }) => method)).toEqual(['ping'])
  })
})
