/** The servers of the matrix: how each is started, what is called, and in which ways it can be watched. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installNpm, installPython } from './install.ts'
import { NPM_SERVERS, PYTHON_SERVERS } from './versions.ts'

export const WAYS = ['plain', 'register', 'wrap', 'code', 'proxy'] as const
export type Way = (typeof WAYS)[number]

/** What one run gets: a folder of its own, the same path for all ways of one server, and a port if it listens. */
export interface Place {
  readonly folder: string
  readonly port: number
}
export interface Command {
  readonly argv: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}
export interface ServerEntry {
  /** As in the table. */
  readonly name: string
  readonly version: string
  readonly sdk: string
  /** Path of the endpoint, for those that listen; `sse` has the transport of 2024. */
  readonly transport: 'stdio' | 'http' | 'sse'
  readonly path?: string
  readonly ways: readonly Way[]
  readonly call: { readonly name: string; readonly arguments: Readonly<Record<string, unknown>> }
  command(place: Place): Command
  /** The same server with one call of instrumentation around it. */
  code?(place: Place): Command
  /** Makes what it works on. */
  prepare?(folder: string): void
}

const NODE = process.execPath
const OWN = join(import.meta.dirname, 'own')
/** The folder that every server works in; the same for all ways, so that its answers are. */
const notes = (folder: string): string => join(folder, 'notes')
const makeNotes = (folder: string): void => {
  mkdirSync(notes(folder))
  writeFileSync(join(notes(folder), 'a.txt'), 'hello\n')
}
function makeRepository(folder: string): void {
  makeNotes(folder)
  execFileSync('git', ['init', '--quiet', '--initial-branch=main', notes(folder)])
}

/** `pythons`: programs of the two environments; without them their servers are left out, and named. */
export async function loadCatalogue(): Promise<{
  readonly servers: readonly ServerEntry[]
  readonly missing: readonly string[]
}> {
  const npm = await installNpm('npm', NPM_SERVERS)
  const current = await installPython('python', PYTHON_SERVERS.current)
  const first = await installPython('python-first', PYTHON_SERVERS.first)
  const servers = [...npmServers(join(npm, 'node_modules')), ...ownServers(npm)]
  if (current !== undefined && first !== undefined) servers.push(...pythonServers(current, first))
  const missing =
    current === undefined || first === undefined ? ['servers in Python: no Python of 3.10 or later here'] : []
  return { servers, missing }
}

function npmServers(modules: string): ServerEntry[] {
  const version = (name: keyof typeof NPM_SERVERS) => ({ name, version: NPM_SERVERS[name] })
  const program = (path: string, ...args: string[]): Command => ({ argv: [NODE, join(modules, path), ...args] })
  const stdio = { transport: 'stdio', ways: ['plain', 'register', 'wrap'] } as const
  const everything = '@modelcontextprotocol/server-everything'
  const echo = { name: 'echo', arguments: { message: 'hello' } }
  const onPort = (how: string, { port }: Place): Command => ({
    ...program(`${everything}/dist/index.js`, how),
    env: { PORT: String(port) },
  })
  const http = { transport: 'http', path: '/mcp', ways: ['plain', 'register', 'proxy'] } as const
  return [
    {
      ...version('@modelcontextprotocol/server-filesystem'),
      ...stdio,
      sdk: 'TS v1',
      call: { name: 'list_directory', arguments: { path: '@FOLDER@/notes' } },
      prepare: makeNotes,
      command: ({ folder }) => program('@modelcontextprotocol/server-filesystem/dist/index.js', notes(folder)),
    },
    {
      ...version('@modelcontextprotocol/server-memory'),
      ...stdio,
      sdk: 'TS v1',
      call: {
        name: 'create_entities',
        arguments: { entities: [{ name: 'a', entityType: 'note', observations: ['b'] }] },
      },
      command: ({ folder }) => ({
        ...program('@modelcontextprotocol/server-memory/dist/index.js'),
        env: { MEMORY_FILE_PATH: join(folder, 'memory.jsonl') },
      }),
    },
    {
      ...version('@modelcontextprotocol/server-sequential-thinking'),
      ...stdio,
      sdk: 'TS v1',
      call: {
        name: 'sequentialthinking',
        arguments: { thought: 'a', nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 },
      },
      command: () => program('@modelcontextprotocol/server-sequential-thinking/dist/index.js'),
    },
    {
      ...version(everything),
      ...stdio,
      sdk: 'TS v1',
      ways: ['plain', 'register', 'wrap', 'code'],
      call: echo,
      command: () => program(`${everything}/dist/index.js`, 'stdio'),
      code: () => ({ argv: [NODE, join(OWN, 'everything-code.ts'), modules] }),
    },
    { ...version(everything), ...http, sdk: 'TS v1', call: echo, command: (place) => onPort('streamableHttp', place) },
    {
      ...version(everything),
      ...http,
      sdk: 'TS v1',
      transport: 'sse',
      path: '/sse',
      call: echo,
      command: (place) => onPort('sse', place),
    },
    {
      ...version('@playwright/mcp'),
      ...stdio,
      sdk: 'TS v1, bundled',
      call: { name: 'browser_navigate', arguments: { url: 'about:blank' } },
      command: ({ folder }) => ({
        ...program('@playwright/mcp/cli.js', '--headless', '--isolated'),
        env: { PLAYWRIGHT_BROWSERS_PATH: join(folder, 'browsers') },
      }),
    },
    {
      ...version('@playwright/mcp'),
      ...http,
      sdk: 'TS v1, bundled',
      call: { name: 'browser_navigate', arguments: { url: 'about:blank' } },
      command: ({ folder, port }) => ({
        ...program(
          '@playwright/mcp/cli.js',
          '--headless',
          '--isolated',
          '--port',
          String(port),
          '--allowed-hosts',
          '*',
        ),
        env: { PLAYWRIGHT_BROWSERS_PATH: join(folder, 'browsers') },
      }),
    },
    {
      ...version('@upstash/context7-mcp'),
      ...stdio,
      sdk: 'TS v2',
      call: { name: 'resolve-library-id', arguments: { libraryName: 'react', query: 'hooks' } },
      command: () => program('@upstash/context7-mcp/dist/index.js'),
    },
    {
      ...version('@upstash/context7-mcp'),
      ...http,
      sdk: 'TS v2',
      call: { name: 'resolve-library-id', arguments: { libraryName: 'react', query: 'hooks' } },
      command: ({ port }) =>
        program('@upstash/context7-mcp/dist/index.js', '--transport', 'http', '--port', String(port)),
    },
    {
      ...version('@wonderwhy-er/desktop-commander'),
      ...stdio,
      sdk: 'TS v1',
      call: { name: 'list_directory', arguments: { path: '@FOLDER@/notes' } },
      prepare: makeNotes,
      command: ({ folder }) => ({
        ...program('@wonderwhy-er/desktop-commander/dist/index.js', '--no-onboarding'),
        env: { HOME: folder },
      }),
    },
  ]
}

function ownServers(npm: string): ServerEntry[] {
  const modules = join(npm, 'node_modules')
  const call = { name: 'add', arguments: { a: 2, b: 3 } }
  const own = (file: string, how: string, { port }: Place): Command => ({
    argv: [NODE, join(OWN, file), how, String(port)],
  })
  const http = { transport: 'http', path: '/mcp', call } as const
  return [
    {
      ...http,
      name: 'fastmcp (npm), a server of ours',
      version: NPM_SERVERS.fastmcp,
      sdk: 'TS v1',
      ways: ['plain', 'register', 'proxy'],
      command: ({ port }) => ({ argv: [NODE, join(OWN, 'fastmcp-server.ts'), modules, String(port)] }),
    },
    {
      ...http,
      name: 'a server of ours, sessions',
      version: '1.0.0',
      sdk: 'TS v1',
      ways: ['plain', 'register', 'code', 'proxy'],
      command: (place) => own('v1-server.ts', 'plain', place),
      code: (place) => own('v1-server.ts', 'code', place),
    },
    {
      ...http,
      name: 'a server of ours, createMcpHandler',
      version: '1.0.0',
      sdk: 'TS v2',
      ways: ['plain', 'register', 'code', 'proxy'],
      command: (place) => own('v2-server.ts', 'plain', place),
      code: (place) => own('v2-server.ts', 'code', place),
    },
  ]
}

function pythonServers(current: string, first: string): ServerEntry[] {
  const versions = PYTHON_SERVERS.current
  const stdio = { transport: 'stdio', ways: ['plain', 'wrap'], sdk: 'Python 2' } as const
  return [
    {
      ...stdio,
      name: 'mcp-server-time',
      version: versions['mcp-server-time'],
      call: {
        name: 'convert_time',
        arguments: { source_timezone: 'UTC', time: '12:00', target_timezone: 'Asia/Tokyo' },
      },
      command: () => ({ argv: [join(current, 'mcp-server-time')] }),
    },
    {
      ...stdio,
      name: 'mcp-server-fetch',
      version: versions['mcp-server-fetch'],
      call: { name: 'fetch', arguments: { url: 'http://127.0.0.1:9/' } },
      command: () => ({ argv: [join(current, 'mcp-server-fetch')] }),
    },
    {
      ...stdio,
      name: 'mcp-server-git',
      version: versions['mcp-server-git'],
      call: { name: 'git_status', arguments: { repo_path: '@FOLDER@/notes' } },
      prepare: makeRepository,
      command: () => ({ argv: [join(current, 'mcp-server-git')] }),
    },
    {
      ...stdio,
      name: 'mcp-server-sqlite',
      version: PYTHON_SERVERS.first['mcp-server-sqlite'],
      sdk: 'Python 1',
      call: { name: 'create_table', arguments: { query: 'CREATE TABLE notes (id INTEGER)' } },
      command: ({ folder }) => ({ argv: [join(first, 'mcp-server-sqlite'), '--db-path', join(folder, 'notes.db')] }),
    },
    {
      name: 'FastMCP (Python), a server of ours',
      version: versions.fastmcp,
      sdk: 'FastMCP 4',
      transport: 'http',
      path: '/mcp',
      ways: ['plain', 'proxy'],
      call: { name: 'add', arguments: { a: 2, b: 3 } },
      command: ({ port }) => ({
        argv: [join(current, 'python'), join(OWN, 'fastmcp_server.py'), 'http', String(port)],
      }),
    },
    {
      ...stdio,
      name: 'FastMCP (Python), a server of ours',
      version: versions.fastmcp,
      sdk: 'FastMCP 4',
      call: { name: 'add', arguments: { a: 2, b: 3 } },
      command: () => ({ argv: [join(current, 'python'), join(OWN, 'fastmcp_server.py'), 'stdio', '0'] }),
    },
  ]
}
