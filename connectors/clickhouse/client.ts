/** Connections to ClickHouse: the engine in this very service (chDB) or a server, both through `@clickhouse/client`. */
import {
  type ClickHouseClient,
  ClickHouseLogLevel,
  type ClickHouseClientConfigOptions as ClientOptions,
  createClient,
} from '@clickhouse/client'
import { AuditdError } from '../../schemas/errors.ts'

/** Opens a connection of its own, in a database when one is named: settings and `USE` of one never touch another. */
export type Connect = (database?: string) => Promise<ClickHouseClient>

export interface ServerAddress {
  readonly url: string
  readonly username: string
  readonly password: string
  /** Longest wait for one answer, milliseconds. */
  readonly requestTimeoutMs?: number
}

/**
 * chDB on a folder. It is an optional dependency of about 550 MB with a native part, so it is loaded only here. One service owns a
 * folder; a second one, or a second folder in one service, is refused by the engine. About 1 ms per connection.
 */
export async function embeddedConnect(path: string): Promise<Connect> {
  const { createChdbConnection } = await loadChdb()
  return async (database) => {
    const client = openEngine(() => createChdbConnection({ path }))
    if (database !== undefined) await client.command({ query: `USE ${database}` })
    return client
  }
}

/** chDB implements the interface of its own copy of the client package: the same shape, another declaration. */
function openEngine(connection: () => unknown): ClickHouseClient {
  try {
    return createClient({
      connection: connection() as NonNullable<ClientOptions['connection']>,
      log: { level: ClickHouseLogLevel.OFF },
    })
  } catch (error) {
    throw new AuditdError(
      'config_invalid',
      'store',
      'data',
      `the folder cannot be opened; does another mcp-auditd use it? ${firstLine(error)}`,
      error,
    )
  }
}

export function serverConnect(address: ServerAddress): Connect {
  return async (database) =>
    createClient({
      url: address.url,
      ...(database === undefined ? {} : { database }),
      username: address.username,
      password: address.password,
      request_timeout: address.requestTimeoutMs ?? 60_000,
      // Every insert waits for its answer; a large one may need a while, and silence must not look like a broken line.
      keep_alive: { enabled: true },
      clickhouse_settings: { wait_end_of_query: 1 },
      // Errors are thrown to us; its own log would print statements and settings.
      log: { level: ClickHouseLogLevel.OFF },
    })
}

async function loadChdb(): Promise<typeof import('chdb/connection')> {
  try {
    return await import('chdb/connection')
  } catch (error) {
    throw new AuditdError(
      'dependency_missing',
      'store',
      'chdb',
      'the embedded store needs the package chdb (Linux with glibc, or macOS): npm install chdb, or give the URL of a ClickHouse server',
      error,
    )
  }
}

export const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? ''
