/** Options of instrumentMcpServer as environment variables, for programs that nobody changes. Sink, key and id are read elsewhere. */

import { overflowOf } from '../delivery/overflow.ts'
import type { InstrumentOptions } from '../options.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** A value that cannot be read is left out and named: a program of others must not stop for it. */
export function optionsFromEnvironment(env: Environment, warn: (message: string) => void): InstrumentOptions {
  const read = <T>(name: string, expected: string, parse: (text: string) => T | undefined): T | undefined => {
    const text = env[name]?.trim()
    if (text === undefined || text === '') return undefined
    const value = parse(text)
    if (value === undefined) warn(`instrument: ${name}: expected ${expected}; it is ignored`)
    return value
  }
  const flag = (name: string): boolean | undefined => read(name, 'true or false', flagOf)
  return {
    capture: read('MCP_AUDIT_CAPTURE', 'shape or minimal', (text) =>
      text === 'shape' || text === 'minimal' ? text : undefined,
    ),
    authRequired: flag('MCP_AUDIT_AUTH_REQUIRED'),
    expectedAudiences: read('MCP_AUDIT_EXPECTED_AUDIENCES', 'a list with commas', listOf),
    buildDigest: read('MCP_AUDIT_BUILD_DIGEST', 'text', (text) => text),
    displayNames: read('MCP_AUDIT_DISPLAY_NAMES_KEY', 'env:NAME, file:PATH or cmd:PROGRAM', displayNamesOf),
    scan: flag('MCP_AUDIT_SCAN'),
    evidenceMs: read('MCP_AUDIT_EVIDENCE_MS', 'milliseconds', millisecondsOf),
    outbound: flag('MCP_AUDIT_OUTBOUND'),
    sideEffects: flag('MCP_AUDIT_SIDE_EFFECTS'),
    overflow: read('MCP_AUDIT_OVERFLOW', 'a policy, or such as destructive=strict,default=spool', overflowOf),
    heartbeatMs: read('MCP_AUDIT_HEARTBEAT_MS', 'milliseconds', millisecondsOf),
    registryProbe: flag('MCP_AUDIT_REGISTRY_PROBE'),
  }
}

const displayNamesOf = (text: string): InstrumentOptions['displayNames'] =>
  /^(env|file|cmd):./.test(text) ? { key: text } : undefined
const flagOf = (text: string): boolean | undefined =>
  /^(1|true|yes)$/i.test(text) ? true : /^(0|false|no)$/i.test(text) ? false : undefined

function listOf(text: string): string[] | undefined {
  const values = text.split(',').map((value) => value.trim())
  return values.some((value) => value !== '') ? values.filter((value) => value !== '') : undefined
}

/** Timers take 2^31-1 ms at most; more of it would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1
function millisecondsOf(text: string): number | undefined {
  const value = Number(text)
  return Number.isInteger(value) && value >= 0 && value <= MAX_TIMER_MS ? value : undefined
}
