import { describe, expect, it } from 'vitest'
import { optionsFromEnvironment } from '../../../../collector/instrument/loader/environment-options.ts'

const read = (env: Record<string, string>) => {
  const warnings: string[] = []
  const options = optionsFromEnvironment(env, (message) => warnings.push(message))
  return { options: Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)), warnings }
}

describe('options of the environment', () => {
  it('are none where nothing, or nothing but blanks, is set', () => {
    expect(read({})).toEqual({ options: {}, warnings: [] })
    expect(read({ MCP_AUDIT_CAPTURE: ' ', MCP_AUDIT_SCAN: '' })).toEqual({ options: {}, warnings: [] })
  })
  it('are read', () => {
    const env = {
      MCP_AUDIT_CAPTURE: 'minimal',
      MCP_AUDIT_SCAN: 'no',
      MCP_AUDIT_AUTH_REQUIRED: '1',
      MCP_AUDIT_OUTBOUND: 'TRUE',
      MCP_AUDIT_SIDE_EFFECTS: 'false',
      MCP_AUDIT_REGISTRY_PROBE: '0',
      MCP_AUDIT_EXPECTED_AUDIENCES: 'https://a.example, ,https://b.example',
      MCP_AUDIT_BUILD_DIGEST: 'sha256:1',
      MCP_AUDIT_HEARTBEAT_MS: '0',
      MCP_AUDIT_EVIDENCE_MS: '60000',
    }
    expect(read(env)).toEqual({
      options: {
        capture: 'minimal',
        scan: false,
        authRequired: true,
        outbound: true,
        sideEffects: false,
        registryProbe: false,
        expectedAudiences: ['https://a.example', 'https://b.example'],
        buildDigest: 'sha256:1',
        heartbeatMs: 0,
        evidenceMs: 60_000,
      },
      warnings: [],
    })
  })
  it.each([
    ['MCP_AUDIT_CAPTURE', 'all'],
    ['MCP_AUDIT_SCAN', 'maybe'],
    ['MCP_AUDIT_HEARTBEAT_MS', '-1'],
    ['MCP_AUDIT_HEARTBEAT_MS', '1e99'],
    ['MCP_AUDIT_HEARTBEAT_MS', '1.5'],
    ['MCP_AUDIT_EXPECTED_AUDIENCES', ' , '],
  ])('that cannot be read are named and left out: %s=%s', (name, value) => {
    const { options, warnings } = read({ [name]: value })
    expect(options).toEqual({})
    expect(warnings).toEqual([expect.stringContaining(`instrument: ${name}: expected `)])
  })
})
