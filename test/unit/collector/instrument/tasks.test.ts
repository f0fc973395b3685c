/** Tasks of both eras: created, accessed, ended; and their result, told once as that of the call that made them. */
import { InMemoryTaskMessageQueue, InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks'
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js'
import type { McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { shutdownAudit } from '../../../../collector/instrument/index.ts'
import { CANARY, legacy, modern } from './observed-servers.ts'

const stores: InMemoryTaskStore[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) store.cleanup()
  await shutdownAudit()
})

describe('legacy era, the experimental tasks of SDK v1', () => {
  async function working() {
    const taskStore = new InMemoryTaskStore()
    stores.push(taskStore)
    const capabilities = { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } }
    const stage = await legacy(
      'SDK v1',
      (server) =>
        server.experimental.tasks.registerToolTask(
          'job',
          { inputSchema: { fails: z.boolean() }, execution: { taskSupport: 'required' } },
          {
            createTask: async (_, extra) => ({
              task: await extra.taskStore.createTask({ ttl: 60_000, pollInterval: 50 }),
            }),
            getTask: async (_, extra) => extra.taskStore.getTask(extra.taskId),
            getTaskResult: async (_, extra) => (await extra.taskStore.getTaskResult(extra.taskId)) as never,
          },
        ),
      { server: { capabilities, taskStore, taskMessageQueue: new InMemoryTaskMessageQueue() } },
    )
    await stage.open()
    const made = (await stage.client.request(
      { method: 'tools/call', params: { name: 'job', arguments: { fails: false }, task: { ttl: 60_000 } } },
      z.object({ task: z.object({ taskId: z.string() }) }) as never,
    )) as { task: { taskId: string } }
    const { taskId } = made.task
    const text = `${CANARY} https://example.org/x`
    const finish = (status: 'completed' | 'failed', isError = false) =>
      taskStore.storeTaskResult(taskId, status, { content: [{ type: 'text', text }], isError })
    const { tasks } = stage.client.experimental
    return { ...stage, taskId, tasks, finish }
  }

  it('a task is told with its lifetime, under the call', async () => {
    const { of, valid } = await working()
    expect(of('task.created')).toMatchObject([{ toolName: 'job', ttlMs: 60_000, pollIntervalMs: 50, era: 'legacy' }])
    expect(of('task.created')).toMatchObject([{ idVisible: true, idDuplicate: false, idLength: expect.any(Number) }])
    expect(of('tool.result')).toMatchObject([{ resultType: 'task', taskFp: of('task.created')[0]!['taskFp'] }])
    valid()
  })
  it('every access is told, with the tool it belongs to; the result once, under the uid of the call', async () => {
    const { of, valid, tasks, taskId, finish } = await working()
    await tasks.getTask(taskId)
    await finish('completed')
    await tasks.getTask(taskId)
    await tasks.getTaskResult(taskId, CallToolResultSchema)
    await tasks.getTaskResult(taskId, CallToolResultSchema)
    await tasks.listTasks()
    const accessed = of('task.accessed')
    expect(accessed.map((event) => [event['op'], event['resultReturned'], event['toolName']])).toEqual([
      ['get', false, 'job'],
      ['get', false, 'job'],
      ['result', true, 'job'],
      ['result', true, 'job'],
      ['list', false, undefined],
    ])
    expect(of('task.ended')).toMatchObject([{ state: 'completed', toolName: 'job', taskFp: accessed[0]!['taskFp'] }])
    const [created, result] = of('tool.result')
    expect(result).toMatchObject({
      requestUid: created!['requestUid'],
      resultType: 'complete',
      isError: false,
      toolName: 'job',
      urlDomains: ['example.org'],
      taskFp: accessed[0]!['taskFp'],
    })
    expect(of('tool.result')).toHaveLength(2)
    expect(of('http.request').filter(({ method }) => String(method).startsWith('tasks/'))).toHaveLength(5)
    valid()
  })
  it('a task that fails or is cancelled ends once', async () => {
    const failed = await working()
    await failed.finish('failed', true)
    await failed.tasks.getTaskResult(failed.taskId, CallToolResultSchema)
    expect(failed.of('task.ended')).toMatchObject([{ state: 'failed' }])
    const cancelled = await working()
    await cancelled.tasks.cancelTask(cancelled.taskId)
    await cancelled.tasks.getTask(cancelled.taskId)
    expect(cancelled.of('task.accessed').map((event) => event['op'])).toEqual(['cancel', 'get'])
    expect(cancelled.of('task.ended')).toMatchObject([{ state: 'cancelled' }])
    cancelled.valid()
  })
  it('who guesses task ids is told with the refusal', async () => {
    const { of, valid, tasks } = await working()
    await tasks.getTask('guessed').catch(() => undefined)
    const [guess] = of('task.accessed')
    expect(guess).toMatchObject({ op: 'get', outcome: 'protocol_error', errorCode: '-32602', resultReturned: false })
    expect(guess!['taskFp']).toMatch(/^[0-9a-f]{32}$/)
    expect(of('task.ended')).toEqual([])
    valid()
  })
  it('a status that the server sends ends the task too', async () => {
    const { of, valid, server, taskId } = await working()
    const task = { taskId, status: 'completed', createdAt: '', lastUpdatedAt: '', ttl: null }
    for (let time = 0; time < 2; time++)
      await server.server.notification({ method: 'notifications/tasks/status', params: task } as never)
    expect(of('notification.sent').map((event) => event['notification'])).toEqual(
      Array(2).fill('notifications/tasks/status'),
    )
    expect(of('task.ended')).toMatchObject([{ state: 'completed', toolName: 'job' }])
    valid()
  })
})

describe('modern era, the tasks extension on SDK v2', () => {
  /** The SDK has no tasks of its own: an author answers the methods of the extension himself. */
  function extension(server: McpServerV2) {
    const task = { taskId: 'task-of-alice', createdAt: '2026-01-01T00:00:00Z', lastUpdatedAt: '2026-01-01T00:00:00Z' }
    server.registerTool(
      'job',
      {},
      () => ({ resultType: 'task', ...task, status: 'working', ttlMs: 5_000, pollIntervalMs: 9 }) as never,
    )
    const any = { params: z.looseObject({}), result: z.looseObject({}) }
    server.server.setRequestHandler('tasks/get', any, () => ({
      ...task,
      status: 'completed',
      result: { content: [{ type: 'text', text: CANARY }], isError: false },
    }))
    server.server.setRequestHandler('tasks/update', any, () => ({}))
    server.server.setRequestHandler('tasks/cancel', any, () => ({}))
  }
  it('a task is created by the result itself, and tasks/get hands its result out', async () => {
    const { fetch, of, valid } = await modern(extension)
    const send = async (method: string, params: object) => {
      const { taskId, name } = params as { taskId?: string; name?: string }
      const response = await fetch('http://localhost/mcp', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': method,
          'mcp-name': taskId ?? name ?? '',
        },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: method,
          method,
          params: {
            ...params,
            _meta: {
              'io.modelcontextprotocol/protocolVersion': '2026-07-28',
              'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
            },
          },
        }),
      })
      return response.text()
    }
    expect(await send('tools/call', { name: 'job', arguments: {} })).toContain('task-of-alice')
    await send('tasks/update', { taskId: 'task-of-alice', inputResponses: { a: { action: 'decline' } } })
    for (let time = 0; time < 2; time++) await send('tasks/get', { taskId: 'task-of-alice' })
    await send('tasks/cancel', { taskId: 'task-of-alice' })
    expect(of('task.created')).toMatchObject([{ toolName: 'job', ttlMs: 5_000, pollIntervalMs: 9, era: 'modern' }])
    expect(of('task.accessed').map((event) => [event['op'], event['resultReturned']])).toEqual([
      ['update', false],
      ['get', true],
      ['get', true],
      ['cancel', false],
    ])
    expect(of('task.ended')).toMatchObject([{ state: 'completed' }])
    expect(of('elicitation.completed')).toMatchObject([{ action: 'decline', method: 'tasks/update' }])
    expect(of('mrtr.retry')).toEqual([])
    expect(of('tool.result').map((event) => event['resultType'])).toEqual(['task', 'complete'])
    expect(new Set(of('tool.result').map((event) => event['requestUid'])).size).toBe(1)
    expect(JSON.stringify(of('task.accessed'))).not.toContain('alice')
    valid()
  })
})
