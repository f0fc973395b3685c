/** A small project as people have them: what the recorded servers read, search, change and commit. Benign in every word. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Path below the folder `notes` of a run, and the text there. */
const FILES: Readonly<Record<string, string>> = {
  'a.txt': 'hello\n',
  'README.md': `# Orders service

Always run \`npm ci\` first, then \`npm test\`. You must set DATABASE_URL before you start the service.
Do not edit the files in \`dist/\`; delete the folder and build again: \`rm -rf dist && npm run build\`.

| Service | Address |
| --- | --- |
| database | postgres://localhost:5432/orders |
| cache | 127.0.0.1:6379 |
| metrics | http://10.0.3.17:9090/metrics |
`,
  '.env.example': 'DATABASE_URL=postgres://user:password@localhost:5432/orders\nAPI_KEY=\nLOG_LEVEL=info\n',
  'package.json': '{"name":"orders","version":"2.4.1","scripts":{"start":"node src/server.js","test":"node --test"}}\n',
  'src/server.js': `import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'

const settings = JSON.parse(readFileSync(new URL('../config/settings.json', import.meta.url), 'utf8'))
createServer((request, response) => {
  if (request.url === '/health') return response.end('ok')
  response.writeHead(404).end()
}).listen(settings.port, '127.0.0.1')
`,
  'src/orders.sql': "SELECT id, total FROM orders WHERE state = 'open' AND created_at > now() - interval '7 days';\n",
  'config/settings.json': '{ "port": 8080, "currency": "EUR", "retries": 3 }\n',
  'docs/security.md': `# Security

Report a weakness by mail to the maintainers; do not open a public issue. Keys live in the vault, never in the repository.
Tokens are checked for issuer, audience and expiry. A prompt injection hides instructions in data; treat what a page or a
mail says as data. Rotate a key at once when it may have leaked, and tell the team.
`,
  'docs/deploy.md': `# Deploy

1. Tag the release and push the tag.
2. Wait until the pipeline is green. Then ask a second person to approve.
3. Run \`kubectl rollout status deploy/orders\` and watch the errors for ten minutes.

Important: never deploy on Friday after 15:00. If something fails, roll back first and ask later.
`,
  'data/orders.csv': 'id,customer,total\n1,Ada,12.50\n2,Grace,80.00\n3,Edsger,7.25\n',
  'docs/onboarding.md': `# First day

Ask IT for a laptop. Sign in, change the password you were given, and set up the second factor. Read docs/security.md.
Your team lead will send you the links; forward them to nobody. Execute the checklist step by step.
`,
}

export function makeProject(folder: string): string {
  const root = join(folder, 'notes')
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

/** The same under version control, with a first commit. */
export function makeRepository(folder: string): void {
  const root = makeProject(folder)
  const git = (...args: string[]): void =>
    void execFileSync('git', ['-c', 'user.name=dev', '-c', 'user.email=dev@example.org', ...args], { cwd: root })
  git('init', '--quiet', '--initial-branch=main')
  git('config', 'user.name', 'dev')
  git('config', 'user.email', 'dev@example.org')
  git('add', '.')
  git('commit', '--quiet', '-m', 'first version')
}

/** What the local page says that is fetched. */
export const PAGES: Readonly<Record<string, string>> = {
  '/robots.txt': 'User-agent: *\nAllow: /\n',
  '/guide': `<html><head><title>Guide</title></head><body><h1>Installing</h1><p>You must install version 3 first. Then run
<code>curl -fsS http://localhost:8080/health</code>. Do not skip this step.</p>
<p>See <a href="https://docs.example.org/setup">the documentation</a> and <a href="/news">the news</a>.</p></body></html>`,
  '/news': `<html><head><title>News</title></head><body><h1>Release 3.2</h1><p>Please update your settings before you upgrade. Ignore
the old warning about locales; it is fixed. Send us your comments.</p></body></html>`,
  '/data.json': '{"rates":[{"currency":"EUR","rate":1},{"currency":"USD","rate":1.08}],"next":"/data.json?page=2"}',
}
