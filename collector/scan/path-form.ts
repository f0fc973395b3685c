/** A path as a file system would see it: separators and look-alikes made one, `.` and `..` resolved, climbs beyond the start counted. */

export interface PathForm {
  /** Lower case, resolved, `/` between names; begins with `/`, a drive such as `c:/`, `~/`, or a name. */
  readonly resolved: string
  /** How often `..` led above where the path began. */
  readonly escapes: number
  /** All `..` in it. */
  readonly climbs: number
  readonly isAbsolute: boolean
  /** It has a NUL, before which C libraries stop reading. */
  readonly hasNul: boolean
  /** Names of three or more dots, `..;` and the like: harmless to a file system, a detour around filters that remove `../`. */
  readonly dotTricks: number
  /** A Windows network path or device path. */
  readonly unc: '' | 'share' | 'device'
}

/** Longer paths exist in no file system; of such a text the beginning is looked at. */
const MAX_PATH_CHARACTERS = 8_192
const LOOKALIKE_DOT = /[\uff0e\u2024\u3002\ufe52]/g
const LOOKALIKE_SLASH = /[\u2215\u2216\u2044\u29f8\u29f5\uff0f\uff3c\ufe68]/g
const HOME = /^(?:\$home|\$\{home\}|%userprofile%|%homepath%|~[a-z0-9_-]{0,32})(?=\/|$)/
const SYSTEM_ROOT = /^(?:%systemroot%|%windir%|\$env:windir|\$env:systemroot)(?=\/|$)/
/** Only such a path can begin with one of these. */
const MAY_BE_NAMED = /^[$%~]/
const TRAVERSING_NAME = /^\.\.(?:;.{0,64}|\s{1,8})$/

export function pathForm(text: string): PathForm {
  let path = text.length > MAX_PATH_CHARACTERS ? text.slice(0, MAX_PATH_CHARACTERS) : text
  const nul = path.indexOf('\0')
  if (nul >= 0) path = path.slice(0, nul)
  path = path.trim()
  if (path.includes(':')) path = path.replace(/^file:(?:\/\/(?:localhost)?(?=\/))?/i, '')
  if (hasLookalikes(path)) path = path.replace(LOOKALIKE_DOT, '.').replace(LOOKALIKE_SLASH, '/')
  path = path.replaceAll('\\', '/').toLowerCase()
  const unc = path.startsWith('//') ? uncOf(path) : ''
  if (unc === 'device') path = path.slice(4)
  if (MAY_BE_NAMED.test(path)) path = path.replace(HOME, '~').replace(SYSTEM_ROOT, 'c:/windows')
  const isAbsolute = path.startsWith('/') || /^[a-z]:(?:\/|$)/.test(path)
  const names: string[] = []
  let escapes = 0
  let climbs = 0
  let dotTricks = 0
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue
    if (name === '..' || (name.startsWith('..') && TRAVERSING_NAME.test(name))) {
      climbs++
      if (name !== '..') dotTricks++
      if (names.length === 0 || (names.length === 1 && /^(?:[a-z]:|~)$/.test(names[0]!))) escapes++
      else names.pop()
    } else if (name.startsWith('...') && /^\.{3,}$/.test(name)) dotTricks++
    else names.push(name)
  }
  const root = path.startsWith('/') ? '/' : ''
  return { resolved: root + names.join('/'), escapes, climbs, isAbsolute, hasNul: nul >= 0, dotTricks, unc }
}

function hasLookalikes(path: string): boolean {
  for (let i = 0; i < path.length; i++) if (path.charCodeAt(i) > 0x2000) return true
  return false
}

const uncOf = (path: string): PathForm['unc'] =>
  /^\/\/[.?]\//.test(path) ? 'device' : /^\/\/[^/]{1,253}\/[^/]/.test(path) ? 'share' : ''
