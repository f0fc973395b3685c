/** `mcp-auditd wrap` as a child, and a collector that hears it: shared by the tests of wrap. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type OtlpListener, startOtlpListener } from '../scenarios/otlp-listener.ts'

const MAIN = join(import.meta.dirname, '../../cli/main.ts')
const ODD = join(import.meta.dirname, 'wrap-odd-server.ts')
export const everything = import.meta
  .resolve('@modelcontextprotocol/server-everything/dist/index.js')
  .replace('file://', '')

let listener: OtlpListener
export const startBed = async (): Promise<void> => {
  listener = await startOtlpListener()
}
export const endBed = (): Promise<void> => listener.close()
/** One for each test: what an earlier one left behind may still speak. */
let serverId = ''
let tests = 0
export function beginTest(): void {
  serverId = `wrapped-${tests++}`
}
export const of = (type: string) =>
  listener.events.filter((event) => event.eventType === type && event.serverId === serverId) as unknown as Readonly<
    Record<string, unknown>
  >[]

export const env = (otlp = listener.url) => ({
  PATH: process.env['PATH'] ?? '',
  MCP_AUDIT_OTLP_ENDPOINT: otlp,
  MCP_AUDIT_SERVER_ID: serverId,
})
export const wrapped = (...argv: string[]) => [MAIN, 'wrap', '--', ...argv]
export const odd = (...words: string[]) => [process.execPath, ODD, ...words]

const running = new Set<ChildProcessWithoutNullStreams>()
export function endTest(): void {
  for (const child of running) child.kill('SIGKILL')
  running.clear()
}
export function run(argv: readonly string[], otlp?: string): ChildProcessWithoutNullStreams {
  const child = spawn(argv[0]!, argv.slice(1), { env: env(otlp) })
  running.add(child)
  child.stdin.on('error', () => undefined)
  return child
}
export const runWrapped = (...argv: string[]) => run([process.execPath, ...wrapped(...argv)])
export const endOf = async (child: ChildProcessWithoutNullStreams): Promise<[number | null, string | null]> =>
  (await once(child, 'close')) as [number | null, string | null]

export const refused = (): readonly string[] => listener.refused
