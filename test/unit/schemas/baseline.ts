// `npm run schemas:baseline`: records today's shapes as the ones that may not shrink. Refuses while something has shrunk.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { breaks, currentShapes, type Shapes } from './compatibility.ts'

const FILE = fileURLToPath(new URL('../../fixtures/schemas-v1.json', import.meta.url))
export const readBaseline = (): Shapes => (existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Shapes) : {})

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const now = currentShapes()
  const faults = breaks(readBaseline(), now)
  if (faults.length === 0) writeFileSync(FILE, `${JSON.stringify(now, null, 1)}\n`)
  else {
    process.stderr.write(`Not recorded: a field may not vanish, change its type or narrow.\n${faults.join('\n')}\n`)
    process.exitCode = 1
  }
}
