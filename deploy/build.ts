// `npm run build [FOLDER]`: what is published, as JavaScript in dist/: the service, and the instrument package on its own.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(fileURLToPath(new URL('..', import.meta.url)))
type Manifest = { readonly [field: string]: unknown }
const manifestOf = (folder: string): Manifest => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
const writeManifest = (folder: string, manifest: Manifest): void =>
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)

/** Compile these roots and all they import into `out`, keeping the tree. tsc rewrites `.ts` in imports to `.js`. */
function compile(
  out: string,
  inputs: { readonly files: readonly string[] } | { readonly include: readonly string[] },
): void {
  const project = join(out, 'tsconfig.json')
  const compilerOptions = {
    noEmit: false,
    allowImportingTsExtensions: false,
    declaration: true,
    rootDir: root,
    outDir: out,
    typeRoots: [join(root, 'node_modules/@types')],
  }
  writeFileSync(
    project,
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include: [], ...inputs }),
  )
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', project], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  rmSync(project)
}

/** The folder is emptied first. */
function emptied(folder: string): string {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return folder
}
const copy = (path: string, to: string): void => cpSync(join(root, path), join(to, path), { recursive: true })

/** `mcp-auditd`: everything but tests. chDB stays a choice of who installs it: 550 MB, glibc only. */
function buildService(out: string): void {
  const folders = ['schemas', 'detectors', 'connectors', 'collector', 'cli']
  compile(out, { include: folders.map((folder) => join(root, folder)) })
  for (const path of ['schemas/clickhouse', 'deploy/kafka', 'README.md', 'LICENSE', 'SECURITY.md', 'CHANGELOG.md'])
    copy(path, out)
  // The named queries lie beside their code, which is compiled.
  cpSync(join(root, 'cli/queries'), join(out, 'cli/queries'), {
    recursive: true,
    filter: (path) => !path.endsWith('.ts'),
  })
  const { name, version, description, license, type, engines, dependencies, devDependencies } = manifestOf('.')
  writeManifest(out, {
    ...{ name, version, description, license, type, engines },
    bin: { 'mcp-auditd': 'cli/main.js' },
    dependencies,
    peerDependencies: { chdb: (devDependencies as Record<string, string>)['chdb'] },
    peerDependenciesMeta: { chdb: { optional: true } },
  })
}

/** `@mcp-auditd/instrument`: its entries and the files of schemas/, collector/scan and connectors/kafka that they import. */
function buildInstrument(out: string): void {
  const folder = 'collector/instrument'
  const { exports, ...manifest } = manifestOf(folder)
  const entries = Object.entries(exports as Record<string, string>)
  const missing = entries.filter(([, file]) => !existsSync(join(root, folder, file)))
  if (missing.length > 0)
    throw new Error(`build: ${folder}: exports without a file: ${missing.map(([, file]) => file).join(', ')}`)
  compile(out, { files: entries.map(([, file]) => join(root, folder, file)) })
  copy('LICENSE', out)
  cpSync(join(root, folder, 'README.md'), join(out, 'README.md'))
  // Who starts a server through npx can name no package in NODE_OPTIONS, only a path: a short one.
  writeFileSync(join(out, 'register.js'), "import './collector/instrument/register.js'\n")
  const built = entries.map(([entry, file]) => {
    const stem = `./${join(folder, file).replace(/\.ts$/, '')}`
    return [entry, { types: `${stem}.d.ts`, default: `${stem}.js` }]
  })
  writeManifest(out, { ...manifest, exports: Object.fromEntries(built) })
}

export function build(dist: string): void {
  buildService(emptied(join(dist, 'mcp-auditd')))
  buildInstrument(emptied(join(dist, 'instrument')))
}

if (import.meta.main) build(resolve(process.argv[2] ?? join(root, 'dist')))
