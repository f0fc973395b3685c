// Enrichment: the inventory wins, names decide the rest, and the row names the stateless rules that matched.
import { describe, expect, it } from 'vitest'
import { EMPTY_INVENTORY, enricher, inventoryOf } from '../../../detectors/enrich.ts'
import { riskOfName } from '../../../detectors/flows/tool-risk.ts'
import { loadRules } from '../../../detectors/load.ts'
import { exampleEvents, sample } from '../../../detectors/sample.ts'

describe('risk by name', () => {
  it.each([
    ['exec_shell', 'exec'],
    ['runQuery', 'exec'],
    ['deleteFile', 'destructive'],
    ['create-issue', 'write'],
    ['fetch.url', 'network'],
    ['list_files', 'read'],
    ['frobnicate', 'unknown'],
    ['targeted', 'unknown'],
  ])('%s is %s', (tool, risk) => {
    expect(riskOfName(tool)).toBe(risk)
  })
})

describe('enrichment', () => {
  it('takes owner, environment and risk from the inventory and names rules and versions', async () => {
    const rules = await loadRules()
    const inventory = inventoryOf({
      servers: {
        'mcp.example.com': { owner: 'files team', environment: 'production', tools: { list_files: 'network' } },
      },
    })
    const enrich = enricher(rules, inventory)
    const [call, token] = exampleEvents([
      sample('tool.call', { tool: 'list_files' }),
      sample('auth.token.validated', {
        aud: ['https://graph.microsoft.com'],
        expectedAud: ['https://mcp.example.com'],
        decision: 'allow',
      }),
    ])
    expect(enrich(call!)).toEqual({
      serverOwner: 'files team',
      serverEnv: 'production',
      toolRisk: 'network',
      inventoryHash: inventory.hash,
      matchedRules: [],
      ruleSetHash: rules.hash,
    })
    expect(enrich(token!)).toMatchObject({ toolRisk: '', matchedRules: ['tok-001-audience-mismatch'] })
    expect(enricher(rules, EMPTY_INVENTORY)(call!)).toMatchObject({
      serverOwner: '',
      toolRisk: 'read',
      inventoryHash: '',
    })
  })
  it('refuses an inventory with an unknown risk or key', () => {
    expect(() => inventoryOf({ servers: { a: { tools: { x: 'funny' } } } })).toThrow(/tools/)
    expect(() => inventoryOf({ servers: { a: { color: 'red' } } })).toThrow(/color/)
  })
})
