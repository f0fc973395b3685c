/** A Node 20 beside the Node of this repository, for what must run on both. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** On the PATH outside node_modules, which is where the Node of the tests comes from; undefined where there is none. */
export function findNode20(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  const candidates = [...new Set(folders.map((folder) => join(folder, 'node')).filter((file) => existsSync(file)))]
  return candidates.find((file) => spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout.startsWith('v20.'))
}
