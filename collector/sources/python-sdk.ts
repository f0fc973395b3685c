/** The Python SDK of MCP (`mcp` 2.x): spans by the conventions, without any identity. */
import { methodOf, observe } from './conventions.ts'
import type { TelemetrySource } from './source.ts'

export const pythonSdk: TelemetrySource = {
  name: 'python-sdk',
  title: 'MCP Python SDK (`mcp` 2.x)',
  vantage: 'server',
  ways: ['spans'],
  basis: 'recorded',
  lacks: ['no_principal', 'no_client', 'no_session', 'no_denials', 'no_content'],
  note: 'No identity at all; an unknown tool looks like a tool that failed; a 401 gives no span.',
  recognises: ({ scope }) => scope.name === 'mcp-python-sdk',
  readOtlp(record) {
    const method = methodOf(record.attributes)
    return method === '' ? undefined : observe(record, method, { lacks: pythonSdk.lacks })
  },
}
