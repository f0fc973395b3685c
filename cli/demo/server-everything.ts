/** How a client starts the reference server from npm, instrumented but unedited: over stdio, in a process of its own. */
import { fileURLToPath } from 'node:url'
import type { StdioCommand } from './clients.ts'
import type { SinkAddress } from './sink.ts'

export const EVERYTHING_SERVER = 'everything'

/** What `everything-child.ts` reads from its environment. */
export interface ChildSettings {
  readonly serverId: string
  readonly keys: string
  readonly address: SinkAddress
}
export const CHILD_SETTINGS = 'MCP_AUDITD_DEMO_CHILD'

export function everythingCommand(keys: string, address: SinkAddress): StdioCommand {
  const settings: ChildSettings = { serverId: EVERYTHING_SERVER, keys, address }
  return {
    // The Node that runs us: it strips types, which an older one on the PATH would not.
    command: process.execPath,
    args: [fileURLToPath(new URL('./everything-child.ts', import.meta.url))],
    env: { PATH: process.env['PATH'] ?? '', [CHILD_SETTINGS]: JSON.stringify(settings) },
  }
}
