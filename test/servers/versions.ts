/** Exact versions of everything that is fetched: published servers, and the official conformance suite. One place. */

export const NPM_SERVERS = {
  '@modelcontextprotocol/server-everything': '2026.8.31',
  '@modelcontextprotocol/server-filesystem': '2026.8.31',
  '@modelcontextprotocol/server-memory': '2026.8.31',
  '@modelcontextprotocol/server-sequential-thinking': '2026.8.31',
  '@playwright/mcp': '0.0.83',
  '@upstash/context7-mcp': '4.1.1',
  '@wonderwhy-er/desktop-commander': '0.2.52',
  fastmcp: '4.20.16',
  zod: '4.6.7',
} as const

/** One virtual environment each: the last one needs the first Python SDK. */
export const PYTHON_SERVERS = {
  current: {
    'mcp-server-time': '2026.10.19',
    'mcp-server-fetch': '2026.10.24',
    'mcp-server-git': '2026.10.19',
    mcp: '2.3.0',
    fastmcp: '4.1.2',
  },
  first: { 'mcp-server-sqlite': '2025.4.25', mcp: '1.30.0' },
} as const

/** The suite of each revision it is made for. */
export const CONFORMANCE = { stable: '0.1.16', next: '0.2.0-alpha.12' } as const
