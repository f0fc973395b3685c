// Decisions of the server's own policy belong to the call in whose course they are made, and change nothing of it.

import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { createMcpHandler, McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { auditDecision, requireScopes } from '../../collector/instrument/authz.ts'
import { instrumentMcpServer } from '../../collector/instrument/index.ts'
import { type Audit, atEnd, audit, closeAll, modernCall, modernHeaders, sound } from './edge-servers.ts'

afterEach(closeAll)
const text = (value: unknown) => ({ content: [{ type: 'text' as const, text: String(value) }] })
async function serve(trail: Audit, run: () => unknown) {
  const server = new McpServer({ name: 'orders', version: '1' })
  server.registerTool('order', { inputSchema: { sku: z.string() } }, async () => text(await run()))
  instrumentMcpServer(server, trail.options)
  const [near, far] = InMemoryTransport.createLinkedPair()
  const client = new Client({ name: 'c', version: '1' })
  await Promise.all([server.connect(near), client.connect(far)])
  atEnd(() => client.close())
  return () => client.callTool({ name: 'order', arguments: { sku: 'A' } })
}

describe('auditDecision', () => {
  it('is one authz.decision under the uid of its call, also when calls run at once and policies take their time', async () => {
    const trail = audit()
    let next = 0
    const call = await serve(trail, () => {
      const at = next++
      const policy = async () => {
        await new Promise((resolve) => setTimeout(resolve, 3 - at))
        return at !== 1
      }
      return auditDecision({ policyId: `p-${at}`, requiredScopes: ['orders:write'] }, policy)
    })
    await Promise.all([call(), call(), call()])
    const told = trail.of('authz.decision')
    expect(told).toHaveLength(3)
    const calls = trail.of('tool.call').map(({ requestUid }) => requestUid)
    for (const { policyId, requestUid, decision, toolName, definitionHash, resourceClass } of told) {
      expect(requestUid).toBe(calls[Number(String(policyId).slice(2))])
      expect(decision).toBe(policyId === 'p-1' ? 'deny' : 'allow')
      expect({ toolName, resourceClass }).toEqual({ toolName: 'order', resourceClass: 'tool' })
      expect(definitionHash).toBe(trail.of('tool.call')[0]!['definitionHash'])
    }
    sound(trail)
  })

  it('an error of the policy is recorded, and thrown as it is', async () => {
    const trail = audit()
    const fault = new Error('policy engine down')
    const caught: unknown[] = []
    const failing = (policy: () => unknown) => async () => {
      try {
        return await auditDecision({ tool: 'order', failMode: 'closed' }, policy)
      } catch (error) {
        caught.push(error)
        return 'refused'
      }
    }
    const sync = await serve(
      trail,
      failing(() => {
        throw fault
      }),
    )
    const late = await serve(
      trail,
      failing(() => Promise.reject(fault)),
    )
    await sync()
    await late()
    expect(caught).toEqual([fault, fault])
    expect(trail.of('authz.decision')).toMatchObject([
      { decision: 'error', failMode: 'closed', error: 'Error: policy engine down' },
      { decision: 'error', failMode: 'closed' },
    ])
    sound(trail)
  })

  it('outside of every call it stands for itself, whatever the policy answers', () => {
    const trail = audit()
    const answers = [true, false, undefined, { allowed: false }, { granted: true }, { reason: 'x' }, 0, 'yes']
    for (const answer of answers) expect(auditDecision({ tool: 't' }, () => answer, trail.options)).toBe(answer)
    expect(trail.of('authz.decision').map(({ decision }) => decision)).toEqual([
      'allow',
      'deny',
      'deny',
      'deny',
      'allow',
      'allow',
      'deny',
      'allow',
    ])
    sound(trail)
  })
})

/** One modern call of a tool whose handler is `run`, by the caller of this authInfo. */
async function askModern(trail: ReturnType<typeof audit>, run: () => void, token: string): Promise<void> {
  const handler = createMcpHandler(
    instrumentMcpServer(() => {
      const server = new McpServerV2({ name: 'orders', version: '1' })
      server.registerTool('order', { inputSchema: z.object({ sku: z.string() }) }, () => {
        run()
        return text('done')
      })
      return server
    }, trail.options),
  )
  atEnd(() => handler.close())
  const head = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...modernHeaders(),
  }
  const body = JSON.stringify(modernCall())
  const request = new Request('http://localhost/mcp', { method: 'POST', headers: head, body })
  const authInfo = { token, clientId: 'shop', scopes: ['orders:read'], extra: { sub: 'alice' } }
  expect((await handler.fetch(request, { authInfo })).status).toBe(200)
}

describe('requireScopes', () => {
  it('compares with the scopes of the caller of the call', async () => {
    const trail = audit()
    const seen: boolean[] = []
    await askModern(
      trail,
      () =>
        seen.push(
          requireScopes(['orders:read']),
          requireScopes(['orders:read', 'orders:write'], { policyId: 'write' }),
        ),
      'planted-token-1',
    )
    expect(seen).toEqual([true, false])
    expect(trail.of('authz.decision')).toMatchObject([
      {
        decision: 'allow',
        requiredScopes: ['orders:read'],
        grantedScopes: ['orders:read'],
        clientKey: 'shop',
        era: 'modern',
      },
      { decision: 'deny', policyId: 'write', requestUid: trail.of('tool.call')[0]!['requestUid'] },
    ])
    expect(JSON.stringify(trail.events)).not.toContain('planted-token-1')
    sound(trail)
  })

  it('what a policy decides is recorded with the roles of the token beside its scopes', async () => {
    const trail = audit()
    const part = (claims: object) => Buffer.from(JSON.stringify(claims)).toString('base64url')
    const token = `${part({ alg: 'none' })}.${part({ sub: 'alice', roles: ['Orders.Admin', 7] })}.c2ln`
    const decide = () => auditDecision({ policyId: 'p', requiredScopes: ['Orders.Admin'] }, () => true)
    await askModern(trail, () => [decide(), requireScopes(['Orders.Admin'])], token)
    expect(trail.of('authz.decision')).toMatchObject([
      { decision: 'allow', grantedScopes: ['orders:read', 'Orders.Admin'] },
      { decision: 'deny', grantedScopes: ['orders:read'] },
    ])
    sound(trail)
  })
})
