/** Paths that lead out of where a server looks, or to files with credentials: traversal, sensitive files, NUL, Windows device paths. */
import { ARGUMENTS, attack } from '../attack.ts'
import type { Classifier, Hit, Reading, Subject } from '../classifier.ts'
import { type PathForm, pathForm } from '../path-form.ts'
import { sensitivityOf } from '../sensitive-paths.ts'
import { TRAIT } from '../traits.ts'

const NOTHING: readonly Hit[] = []
const MAX_URL = 4_096
/** `..` whose separator lost its percent sign, `.\.\.\`, or a `./` repeated beyond reason. */
const BROKEN_CLIMB =
  /(?:\.\.[^\x00-\x7f]{1,3}){3}|(?:\.\.(?:2f|5c|c0af|c1 ?9c|%){1,2}){2}|(?:[/\\]\.){12}|(?:\.[/\\]){12}|\.{12}[/\\]/i
const STREAM = /::\$(?:data|index_allocation)\b/i

export const pathTraversal: Classifier = {
  name: 'path-traversal',
  version: '1',
  surfaces: ARGUMENTS,
  needs: TRAIT.dot | TRAIT.slash | TRAIT.backslash | TRAIT.control | TRAIT.nonAscii,
  check(reading, subject) {
    if (subject.isKey === true) return NOTHING
    const path = pathIn(reading, subject)
    return path === undefined ? NOTHING : checkPath(path, reading, subject)
  },
}

/** The path a text is; undefined when it is something else. */
function pathIn({ text }: Reading, { role }: Subject): string | undefined {
  if (role === 'path') return text
  if (text.length > MAX_URL) return undefined
  const url = /^[a-z][a-z0-9+.-]{0,20}:\/\/[^/\\?#]{0,253}/i.exec(text)
  // Of a URL only what no published path has: climbs, names that begin with a dot, system folders.
  if (url !== null && !/^file:/i.test(text)) return URL_HINT.test(text) ? afterHost(text, url[0].length) : undefined
  // Anything else is a path when it is one word that could be one. A command line or a sentence is not.
  if (role === 'shell' || role === 'sql' || role === 'code') return undefined
  const word = text.trim()
  return /[\s"'<>|;&(){}=,]/.test(word) ? undefined : word
}

const URL_HINT = /\.\.|\/\.|\\|\0|(?:etc|proc|windows|users)[/\\]|\.{3}|;|file:/i

/** Path of a URL, or a path in its query. */
function afterHost(url: string, hostEnd: number): string {
  const rest = url.slice(hostEnd)
  const query =
    /[?&][\w.-]{1,64}=([^&#]{0,1024}\.\.[/\\][^&#]{0,1024}|[/\\]etc[/\\][^&#]{0,256}|file:[^&#]{0,256})/i.exec(rest)
  return query === null ? rest.replace(/[?#].*$/s, '') : query[1]!
}

function checkPath(path: string, reading: Reading, subject: Subject): Hit[] {
  const form = pathForm(path)
  const hits: Hit[] = []
  const end = reading.text.length
  const sensitivity = sensitivityOf(form.resolved)
  const score = traversalScore(path, form, reading, sensitivity)
  if (score > 0) hits.push(attack('path_traversal', score, 0, end))
  if (sensitivity > 0 && isReached(subject, form, score)) hits.push(attack('sensitive_file', sensitivity, 0, end))
  if (form.hasNul && path.length > 1) hits.push(attack('null_byte', 0.9, 0, end))
  if (form.unc === 'device' || STREAM.test(path)) hits.push(attack('path_traversal', 0.6, 0, end))
  else if (
    form.unc === 'share' &&
    /^[\\/]{2}(?:\d{1,3}(?:\.\d{1,3}){3}|[^\\/]{1,253}@(?:ssl|\d{1,5}))[\\/]/i.test(path)
  )
    hits.push(attack('unc_path', 0.6, 0, end))
  return hits
}

/** In a URL only files that no web server publishes count, unless the path climbs. */
function isReached(subject: Subject, form: PathForm, traversal: number): boolean {
  if (subject.role === 'path' || traversal > 0) return true
  return (
    form.isAbsolute ||
    /(?:^|\/)(?:\.env|\.ssh|\.aws|\.git-credentials|\.htpasswd|id_rsa)/.test(form.resolved) ||
    form.resolved.startsWith('~')
  )
}

/** One step up is what relative paths are for; a second one, a detour or a disguise is not. */
function traversalScore(path: string, form: PathForm, reading: Reading, sensitivity: number): number {
  const { escapes, climbs, dotTricks, isAbsolute } = form
  if (BROKEN_CLIMB.test(path)) return 0.9
  if (dotTricks > 0 && (dotTricks >= 2 || climbs > 0 || sensitivity > 0)) return 0.9
  if (reading.decodings.includes('overlong')) return climbs > 0 || sensitivity > 0 ? 0.95 : 0.5
  if (climbs === 0) return 0
  if (sensitivity > 0) return 0.95
  // `..` spelt as something else is a disguise, however short the way.
  if (reading.decodings.length > 0 && escapes > 0) return 0.9
  if (isAbsolute && escapes > 0) return 0.8
  if (/[\\/]\.\.[\\/]/.test(path) && path.includes('\\') && path.includes('/')) return 0.8
  if (escapes >= 3 || (isAbsolute && climbs >= 3)) return 0.85
  return escapes === 2 ? 0.6 : 0
}
