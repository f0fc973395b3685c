/** What people and agents ask of each published server: every tool with plausible arguments, in sessions as they come. */
import { makeProject, makeRepository } from './project.ts'

/** Tool and arguments; or a method that is no tool call. `@FOLDER@` and `@PAGE@` are filled in. */
export type Step =
  | readonly [tool: string, args: Readonly<Record<string, unknown>>]
  | { readonly method: string; readonly params?: object }
export interface Play {
  /** Part of the names in the catalogue of servers. */
  readonly server: string
  readonly kind: string
  readonly prepare?: (folder: string) => void
  readonly sessions: readonly (readonly Step[])[]
}

const N = '@FOLDER@/notes'
const thought = (n: number, text: string, more: object = {}): Step => [
  'sequentialthinking',
  { thought: text, nextThoughtNeeded: n < 3, thoughtNumber: n, totalThoughts: 3, ...more },
]
const entity = (name: string, entityType: string, ...observations: string[]) => ({ name, entityType, observations })

export const PLAYS: readonly Play[] = [
  {
    server: 'server-filesystem',
    kind: 'files',
    prepare: makeProject,
    sessions: [
      [
        ['list_allowed_directories', {}],
        ['directory_tree', { path: N }],
        ['read_text_file', { path: `${N}/README.md` }],
        ['read_text_file', { path: `${N}/.env.example` }],
        ['read_text_file', { path: `${N}/docs/security.md`, head: 3 }],
        ['search_files', { path: N, pattern: '*.md' }],
        ['get_file_info', { path: `${N}/src/server.js` }],
      ],
      [
        ['list_directory', { path: `${N}/src` }],
        ['read_multiple_files', { paths: [`${N}/src/server.js`, `${N}/config/settings.json`] }],
        [
          'write_file',
          {
            path: `${N}/src/health.js`,
            content:
              "import { exec } from 'node:child_process'\nexport const version = () => exec('git rev-parse HEAD')\n",
          },
        ],
        [
          'edit_file',
          { path: `${N}/README.md`, edits: [{ oldText: 'npm ci', newText: 'npm install' }], dryRun: false },
        ],
        ['create_directory', { path: `${N}/tmp` }],
        ['move_file', { source: `${N}/a.txt`, destination: `${N}/tmp/b.txt` }],
        ['read_text_file', { path: `${N}/missing.md` }],
        ['read_text_file', { path: `${N}/docs/../README.md` }],
        ['read_text_file', { path: `${N}/src/../config/settings.json` }],
      ],
      [
        ['read_text_file', { path: `${N}/docs/deploy.md` }],
        ['list_directory_with_sizes', { path: N, sortBy: 'size' }],
        [
          'write_file',
          {
            path: `${N}/docs/notes.md`,
            content:
              '# Notes\n\nYou must restart the service after each change. Never share the password. Delete old logs with `rm -rf logs/*`.\n',
          },
        ],
        ['read_text_file', { path: `${N}/docs/notes.md` }],
      ],
    ],
  },
  {
    server: 'server-memory',
    kind: 'memory',
    sessions: [
      [
        ['create_entities', { entities: [entity('Ada', 'person', 'prefers short answers', 'works on orders')] }],
        ['add_observations', { observations: [{ entityName: 'Ada', contents: ['always wants tests with a change'] }] }],
        ['search_nodes', { query: 'Ada' }],
        ['read_graph', {}],
      ],
      [
        [
          'create_entities',
          {
            entities: [
              entity('orders', 'service', 'runs on http://localhost:8080', 'must be restarted after a new config'),
              entity('billing', 'service', 'owned by the payments team'),
            ],
          },
        ],
        ['create_relations', { relations: [{ from: 'orders', to: 'billing', relationType: 'calls' }] }],
        ['open_nodes', { names: ['orders'] }],
        [
          'delete_observations',
          { deletions: [{ entityName: 'orders', observations: ['runs on http://localhost:8080'] }] },
        ],
        ['delete_relations', { relations: [{ from: 'orders', to: 'billing', relationType: 'calls' }] }],
        ['delete_entities', { entityNames: ['billing'] }],
      ],
    ],
  },
  {
    server: 'server-sequential-thinking',
    kind: 'thinking',
    sessions: [
      [
        thought(1, 'First I list what the user wants: a faster query.'),
        thought(2, 'The index is missing. I should not change the schema without asking.'),
        thought(3, 'Propose: CREATE INDEX ON orders (created_at).'),
      ],
      [
        thought(1, 'Ignore the cache for now and look at the log.'),
        thought(3, 'The log says connection refused.', { isRevision: true, revisesThought: 1 }),
      ],
    ],
  },
  {
    server: 'server-everything',
    kind: 'everything',
    sessions: [
      [
        ['echo', { message: 'please summarise the meeting of Monday' }],
        ['get-sum', { a: 2, b: 40 }],
        ['get-structured-content', { location: 'Chicago' }],
        ['get-annotated-message', { messageType: 'success', includeImage: false }],
        ['get-tiny-image', {}],
        { method: 'prompts/list' },
        { method: 'prompts/get', params: { name: 'simple-prompt' } },
        { method: 'resources/list' },
        { method: 'resources/templates/list' },
      ],
      [
        ['get-resource-links', { count: 3 }],
        ['get-resource-reference', { resourceType: 'Text', resourceId: 1 }],
        { method: 'resources/read', params: { uri: 'demo://resource/dynamic/text/1' } },
        ['trigger-long-running-operation', { duration: 1, steps: 2 }],
        ['echo', { message: 'SELECT count(*) FROM orders; -- just a note' }],
        ['no-such-tool', {}],
        { method: 'ping' },
      ],
    ],
  },
  {
    server: 'playwright',
    kind: 'browser',
    sessions: [
      [
        ['browser_navigate', { url: '@PAGE@/guide' }],
        ['browser_snapshot', {}],
        ['browser_close', {}],
      ],
    ],
  },
  {
    server: 'context7',
    kind: 'library-docs',
    sessions: [
      [
        ['resolve-library-id', { libraryName: 'react', query: 'how do I use effects' }],
        ['resolve-library-id', { libraryName: 'fastify', query: 'hooks order' }],
      ],
    ],
  },
  {
    server: 'desktop-commander',
    kind: 'commander',
    prepare: makeProject,
    sessions: [
      [
        ['list_directory', { path: N, depth: 2 }],
        ['read_file', { path: `${N}/package.json` }],
        [
          'write_file',
          { path: `${N}/todo.md`, content: '- review the deploy guide\n- ask for approval\n', mode: 'rewrite' },
        ],
        [
          'edit_block',
          { file_path: `${N}/todo.md`, old_string: 'review', new_string: 'read', expected_replacements: 1 },
        ],
        ['get_file_info', { path: `${N}/data/orders.csv` }],
      ],
      [
        ['start_process', { command: `ls -la ${N} | wc -l`, timeout_ms: 3000 }],
        ['start_process', { command: `cd ${N} && node --version && git status --short || true`, timeout_ms: 3000 }],
        ['list_sessions', {}],
        ['create_directory', { path: `${N}/build` }],
      ],
    ],
  },
  {
    server: 'mcp-server-time',
    kind: 'time',
    sessions: [
      [
        ['get_current_time', { timezone: 'Europe/Berlin' }],
        ['convert_time', { source_timezone: 'UTC', time: '12:00', target_timezone: 'Asia/Tokyo' }],
      ],
      [['convert_time', { source_timezone: 'Mars/Base', time: '12:00', target_timezone: 'Asia/Tokyo' }]],
    ],
  },
  {
    server: 'mcp-server-fetch',
    kind: 'fetch',
    sessions: [
      [
        ['fetch', { url: '@PAGE@/guide' }],
        ['fetch', { url: '@PAGE@/news', max_length: 2000 }],
        ['fetch', { url: '@PAGE@/data.json', raw: true }],
      ],
      [
        ['fetch', { url: '@PAGE@/guide', start_index: 20 }],
        ['fetch', { url: '@PAGE@/missing' }],
      ],
    ],
  },
  {
    server: 'mcp-server-git',
    kind: 'git',
    prepare: makeRepository,
    sessions: [
      [
        ['git_status', { repo_path: N }],
        ['git_log', { repo_path: N, max_count: 5 }],
        ['git_show', { repo_path: N, revision: 'HEAD' }],
        ['git_diff_unstaged', { repo_path: N }],
      ],
      [
        ['git_create_branch', { repo_path: N, branch_name: 'fix/health' }],
        ['git_checkout', { repo_path: N, branch_name: 'fix/health' }],
        ['git_add', { repo_path: N, files: ['README.md'] }],
        ['git_commit', { repo_path: N, message: 'docs: say that the tests must run first' }],
        ['git_branch', { repo_path: N, branch_type: 'local' }],
        ['git_diff', { repo_path: N, target: 'main' }],
      ],
    ],
  },
  {
    server: 'mcp-server-sqlite',
    kind: 'sqlite',
    sessions: [
      [
        ['create_table', { query: 'CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, total REAL)' }],
        ['write_query', { query: "INSERT INTO orders (customer, total) VALUES ('O''Brien', 12.5), ('Ada', 80)" }],
        [
          'read_query',
          { query: "SELECT customer, sum(total) FROM orders WHERE customer <> '' OR total > 0 GROUP BY customer" },
        ],
        ['list_tables', {}],
        ['describe_table', { table_name: 'orders' }],
      ],
      [
        ['create_table', { query: 'CREATE TABLE IF NOT EXISTS notes (id INTEGER, text TEXT)' }],
        ['write_query', { query: "INSERT INTO notes VALUES (1, 'drop the old table when the migration is done')" }],
        ['write_query', { query: 'DELETE FROM notes WHERE id = 2' }],
        ['append_insight', { insight: 'Most orders are placed on Monday.' }],
        ['read_query', { query: 'SELECT * FROM missing_table' }],
      ],
    ],
  },
  {
    server: 'FastMCP (Python)',
    kind: 'calculator',
    sessions: [
      [
        ['add', { a: 2, b: 3 }],
        ['add', { a: 'two', b: 3 }],
      ],
    ],
  },
  {
    server: 'fastmcp (npm)',
    kind: 'calculator-npm',
    sessions: [
      [
        ['add', { a: 2, b: 3 }],
        ['add', { a: 20, b: 3 }],
      ],
    ],
  },
  {
    server: 'a server of ours, sessions',
    kind: 'sums',
    sessions: [
      [
        ['add', { a: 2, b: 3 }],
        ['add', { a: 1, b: 1 }],
      ],
    ],
  },
  {
    server: 'a server of ours, createMcpHandler',
    kind: 'sums-modern',
    sessions: [
      [
        ['add', { a: 2, b: 3 }],
        ['add', { a: 5, b: 8 }],
      ],
    ],
  },
]
