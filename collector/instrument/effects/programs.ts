/** Programs that a server starts: every way of node:child_process, asynchronous and synchronous. */
import childProcess from 'node:child_process'
import { basename } from 'node:path'
import { nameOf } from '../names.ts'
import { effect } from './call-effects.ts'
import { publishReplaced, watchFunction } from './wrap-function.ts'

const SHELLS = /^(sh|bash|dash|zsh|ksh|ash|fish|cmd|powershell|pwsh)$/i
const INTERPRETERS = /^(node|deno|bun|python[\d.]*|perl|ruby|php|lua|osascript|wscript|cscript)$/i

let isWatching = false
/** execFileSync and execSync call spawnSync's inner form, so each is watched; a shell's command is not told twice. */
export function watchPrograms(): void {
  if (isWatching) return
  isWatching = true
  const { prototype } = childProcess.ChildProcess as unknown as { prototype: object }
  watchFunction(prototype, 'spawn', ([options]) => {
    const { file, args } = (options ?? {}) as { file?: unknown; args?: unknown }
    started(file, Array.isArray(args) ? args.slice(1) : [])
  })
  for (const name of ['spawnSync', 'execFileSync'])
    watchFunction(childProcess, name, ([file, args, options]) => {
      const given = Array.isArray(args) ? args : []
      const { shell } = (options ?? (Array.isArray(args) ? {} : args) ?? {}) as { shell?: unknown }
      if (shell) started('sh', ['-c', [file, ...given].join(' ')])
      else started(file, given)
    })
  watchFunction(childProcess, 'execSync', ([command]) => started('sh', ['-c', command]))
  publishReplaced()
}

function started(file: unknown, args: readonly unknown[]): void {
  if (typeof file !== 'string') return
  const name = basename(file.replaceAll('\\', '/')).replace(/\.exe$/i, '')
  const isShell = SHELLS.test(name)
  const runsCommand = isShell && /^(-\w*c|\/[ck])$/i.test(String(args[0] ?? ''))
  effect({
    effectKind: 'exec',
    effectClass: isShell ? 'shell' : INTERPRETERS.test(name) ? 'interpreter' : 'program',
    programName: nameOf(name),
    shell: runsCommand,
    target: [file, ...args.map(String)].join(' '),
  })
}
