/** Installs published servers on demand, in exact versions, into a cache outside of the repository. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** Servers bring browsers and telemetry along that nobody asked for. */
const QUIET = {
  PUPPETEER_SKIP_DOWNLOAD: '1',
  PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1',
  PIP_DISABLE_PIP_VERSION_CHECK: '1',
}
const LIMITS = { timeout: 900_000, maxBuffer: 64 * 1_048_576 }

export type Versions = Readonly<Record<string, string>>

export const cacheFolder = (): string =>
  process.env['SERVERS_CACHE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'mcp-auditd', 'servers')

/** The folder of this very set of versions; made whole or not at all. */
async function prepared(kind: string, versions: Versions, make: (folder: string) => Promise<void>): Promise<string> {
  const digest = createHash('sha256').update(JSON.stringify(versions)).digest('hex').slice(0, 12)
  const folder = join(cacheFolder(), `${kind}-${digest}`)
  const mark = join(folder, '.complete')
  if (existsSync(mark)) return folder
  process.stderr.write(`servers: installing ${Object.keys(versions).length} packages into ${folder}\n`)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await make(folder)
  await writeFile(`${mark}.part`, '')
  await rename(`${mark}.part`, mark)
  return folder
}

/** The folder whose node_modules holds them. */
export const installNpm = (kind: string, versions: Versions): Promise<string> =>
  prepared(kind, versions, async (folder) => {
    await writeFile(
      join(folder, 'package.json'),
      JSON.stringify({ private: true, type: 'module', dependencies: versions }),
    )
    const args = ['install', '--no-audit', '--no-fund', '--loglevel=error']
    await run('npm', args, { cwd: folder, env: { ...process.env, ...QUIET }, ...LIMITS })
  })

/** The folder of programs of a virtual environment; undefined where there is no Python of at least 3.10. */
export async function installPython(kind: string, versions: Versions): Promise<string | undefined> {
  const python = await findPython()
  if (python === undefined) return undefined
  const folder = await prepared(kind, versions, async (target) => {
    await run(python, ['-m', 'venv', target], LIMITS)
    const wanted = Object.entries(versions).map(([name, version]) => `${name}==${version}`)
    await run(join(target, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', ...wanted], {
      env: { ...process.env, ...QUIET },
      ...LIMITS,
    })
  })
  return join(folder, 'bin')
}

async function findPython(): Promise<string | undefined> {
  for (const name of ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10'])
    try {
      await run(name, ['-c', 'import sys, venv; sys.exit(sys.version_info < (3, 10))'], LIMITS)
      return name
    } catch {
      // The next name.
    }
  return undefined
}
