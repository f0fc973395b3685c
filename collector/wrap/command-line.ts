/** What a command line says about the server it starts: its name, whether it is pinned, and what is dangerous about it (SUP-005). */
import { basename } from 'node:path'
import { sha256 } from '../instrument/keys/keyed-hash.ts'
import { holdsHandle } from '../instrument/messages/handles.ts'

export interface CommandFacts {
  /** Package where one is run, else the program. */
  readonly serverId: string
  readonly commandName: string
  /** SHA-256 of program and arguments; secrets among them are left out before. */
  readonly commandHash: string
  readonly argumentClasses: readonly string[]
  /** undefined: no package is fetched. */
  readonly pinned: boolean | undefined
}

/** Programs that fetch a package and run it, with the words that have to follow. */
const RUNNERS: Readonly<Record<string, readonly string[] | undefined>> = {
  npx: [],
  bunx: [],
  uvx: [],
  pnpx: [],
  npm: ['exec', 'x'],
  pnpm: ['dlx'],
  yarn: ['dlx'],
  bun: ['x'],
  uv: ['tool'],
  pipx: ['run'],
  deno: ['run'],
  docker: ['run'],
  podman: ['run'],
}
/** Options of runners that take the package as their value. */
const PACKAGE_OPTION = /^(-p|--package|--from|--spec|--with)$/
/** Options of runners that take some other value. */
const VALUE_OPTION =
  /^(-c|--call|-w|--workspace|--python|--index-url|--registry|-v|--volume|-e|--env|--name|--network|-u|--user|--mount|--entrypoint|--platform|--env-file|--add-host)$/

const CLASSES: readonly (readonly [string, RegExp])[] = [
  ['pipe_to_shell', /\b(curl|wget|fetch)\b[^|;&]*\|\s*(sudo\s+)?(\w*sh|python3?|node|perl|ruby)\b|<\(\s*(curl|wget)\b/],
  ['download', /\b(curl|wget)\s+\S/],
  ['sudo', /(^|[\s;&|(])(sudo|doas|pkexec)\s/],
  ['delete_tree', /\brm\s+(-\w*[rR]\w*f|-\w*f\w*[rR]|-[rR]\s+-f|-f\s+-[rR])/],
  [
    'key_folder',
    /(^|[\s/=:'"~])\.(ssh|gnupg|aws|azure|kube|docker\/config\.json|netrc|npmrc|pypirc|git-credentials)(\b|\/|$)|\.config\/(gcloud|gh)\b|\/etc\/(shadow|sudoers)|\bid_(rsa|ed25519|ecdsa)\b/,
  ],
  ['inline_code', /(^|\s)(node|bun|deno|python3?|ruby|perl|php)\s(\S+\s)*?(-e|-c|--eval|eval|-r)\s/],
  ['shell', /(^|\/)(ba|z|da|k|fi)?sh\s(\S+\s)*?-\w*c\s/],
  [
    'privileged_container',
    /--privileged\b|\/var\/run\/docker\.sock|--(pid|net|network|ipc)[= ]host\b|(-v|--volume)[= ]\/:/,
  ],
  ['world_folder', /(^|\s)(\/|~|\/home|\/root|\/etc|\$HOME)\/?(\s|$)/],
  ['unencrypted_source', /(^|\s)(git\+)?http:\/\/(?!localhost|127\.|\[::1\])/],
]

const EXACT_NPM = /^(@[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+(-[\w.]+)?(\+[\w.]+)?$/
const EXACT_PYTHON = /^[\w.-]+(\[[\w,.-]+\])?(==|@)\d+(\.\d+)*([a-z]+\d+)?$/
const EXACT_IMAGE = /@sha256:[0-9a-f]{64}$/
const EXACT_GIT = /^(git\+)?(https?|ssh):\/\/\S+[@#][0-9a-f]{40}$/

const programOf = (word: string): string => basename(word).replace(/\.(exe|cmd|bat|ps1)$/i, '')

interface Fetched {
  readonly runner: string
  /** As it stands, with its version. */
  readonly named: string
}

/** The package a runner fetches; undefined when nothing is fetched. */
function fetchedBy(argv: readonly string[]): Fetched | undefined {
  const runner = programOf(argv[0] ?? '')
  const words = Object.hasOwn(RUNNERS, runner) ? RUNNERS[runner] : undefined
  if (words === undefined) return undefined
  let at = 1
  if (words.length > 0) {
    if (!words.includes(argv[1] ?? '')) return undefined
    at = runner === 'uv' ? 3 : 2
  }
  for (; at < argv.length; at++) {
    const word = argv[at]!
    if (word === '--') continue
    if (PACKAGE_OPTION.test(word)) return { runner, named: argv[at + 1] ?? '' }
    const given = /^(?:--package|--from|--spec)=(.*)$/.exec(word)?.[1]
    if (given !== undefined) return { runner, named: given }
    if (VALUE_OPTION.test(word)) at++
    else if (!word.startsWith('-')) return { runner, named: word }
  }
  return undefined
}

function isExact({ runner, named }: Fetched): boolean {
  if (EXACT_GIT.test(named)) return true
  if (runner === 'docker' || runner === 'podman') return EXACT_IMAGE.test(named)
  if (runner === 'uvx' || runner === 'uv' || runner === 'pipx') return EXACT_PYTHON.test(named)
  if (runner === 'deno') return EXACT_NPM.test(named.replace(/^(npm|jsr):/, '')) || /@v?\d+\.\d+\.\d+\//.test(named)
  return EXACT_NPM.test(named)
}

/** A path on this machine is nothing that a registry could change. */
const isLocal = (named: string): boolean => /^(\.{0,2}\/|~\/|file:)/.test(named)

const withoutVersion = (named: string): string =>
  named
    .replace(/^(npm|jsr):/, '')
    .replace(/(?<=.)(==|@|#).*$/, '')
    .replace(/\[.*$/, '')

const SECRET_OPTION = /^--?\w*[-_]?(token|key|secret|password|passwd|pass|auth|credential)s?$/i
const SECRET_ASSIGNMENT = /^(--?)?[\w.-]*(token|key|secret|password|passwd|auth|credential)s?=(.+)$/i

/** The same words without anything that could be a credential. `found`: there was one. */
function withoutSecrets(argv: readonly string[]): { readonly words: readonly string[]; readonly found: boolean } {
  let found = false
  const words = argv.map((word, at) => {
    const assigned = SECRET_ASSIGNMENT.exec(word)
    const isSecret =
      SECRET_OPTION.test(argv[at - 1] ?? '') ||
      (!word.includes('/') && holdsHandle(word)) ||
      /^(https?:\/\/)[^/@\s]+:[^/@\s]+@/.test(word)
    if (assigned === null && !isSecret) return word
    found = true
    return assigned === null ? '[secret]' : word.slice(0, word.length - assigned[3]!.length)
  })
  return { words, found }
}

export function commandFactsOf(argv: readonly string[]): CommandFacts {
  const program = programOf(argv[0] ?? '')
  const fetched = fetchedBy(argv)
  const isFetched = fetched !== undefined && !isLocal(fetched.named) && fetched.named !== ''
  const pinned = isFetched ? isExact(fetched) : undefined
  const { words, found } = withoutSecrets(argv)
  // A bound: patterns are linear, but nobody needs a megabyte of arguments read.
  const text = argv.join(' ').slice(0, 65_536)
  const classes = CLASSES.filter(([, pattern]) => pattern.test(`${text} `)).map(([name]) => name)
  if (pinned === false) classes.push('unpinned_package')
  if (found) classes.push('secret_argument')
  const script = argv.slice(1).find((word) => /\.(m?[jt]s|c[jt]s|py|rb|jar)$/.test(word))
  return {
    serverId: isFetched ? withoutVersion(fetched.named) : script === undefined ? program : basename(script),
    commandName: program,
    commandHash: sha256(words.join('\u0000')),
    argumentClasses: classes.sort(),
    pinned,
  }
}
