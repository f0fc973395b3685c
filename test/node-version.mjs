// Refuses a Node that is too old, loudly: sources run as TypeScript, which Node 20 cannot. Plain JavaScript, so that Node 20 can read it.
import { argv, execPath, exit, versions } from 'node:process'
import { fileURLToPath } from 'node:url'

/** What is wrong with this version of Node, or undefined. Supported: 22.22 and later on the 22 line, 24.6 and later. */
export function nodeFault(version) {
  const [major, minor] = version.split('.').map(Number)
  const fits = (major === 22 && minor >= 22) || (major === 24 && minor >= 6) || major > 24
  if (fits) return undefined
  return `mcp-auditd needs Node 22.22 or later, or 24.6 or later, and this is ${version}. \`npm ci\` installs Node 24 into node_modules: run it without --omit=dev and without --ignore-scripts, and start through npm run.`
}

/** Also the global set-up of vitest: `npx vitest` does not run npm's pretest. */
export default function setup() {
  const fault = nodeFault(versions.node)
  if (fault !== undefined) throw new Error(`${fault} (${execPath})`)
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const fault = nodeFault(versions.node)
  if (fault !== undefined) {
    console.error(fault)
    exit(1)
  }
}
