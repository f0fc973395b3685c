/** What a server says it is: its name, version and instructions. Whether one of them changed, and whether a deployment explains it. */
import type { Match } from '../rule.ts'
import { shortName } from '../short-name.ts'
import { shortHash } from './facts.ts'
import { judgeOrWait, nothingWaits, type Waiting } from './waiting-change.ts'

/** Eras that are kept apart. */
const MAX_ERAS = 4

/** `identities`: a line for each era: era, build, name, version, instructions. */
export type ServerIdentity = Waiting & { identities: string[] }
export const unknownServer = (): ServerIdentity => ({ ...nothingWaits(), identities: [] })

interface Told {
  readonly ts: number
  readonly era: string
  readonly build: string
  readonly serverName: string
  readonly serverVersion: string
  readonly instructionsHash: string
}
const WHAT = ['name', 'version', 'instructions'] as const
const oneLine = (text: string): string => shortName(text).replace(/\s/g, ' ')

export function judgeServer(e: Told, known: ServerIdentity, joinMs: number): Match | undefined {
  const line = known.identities.find((each) => each.startsWith(`${e.era}\n`))
  const told = line?.split('\n').slice(2) ?? []
  // A process that has not heard its name and version yet does not say another one; without instructions there are none.
  const now = [
    oneLine(e.serverName) || (told[0] ?? ''),
    oneLine(e.serverVersion) || (told[1] ?? ''),
    shortHash(e.instructionsHash),
  ]
  const others = known.identities.filter((each) => each !== line)
  known.identities = [...others, [e.era, oneLine(e.build), ...now].join('\n')].slice(-MAX_ERAS)
  if (line === undefined) return undefined
  const [, build = '', ...before] = line.split('\n')
  const isFirst = (i: number): boolean => before[i] === '' && WHAT[i] !== 'instructions'
  const changed = WHAT.filter((_, i) => before[i] !== now[i] && !isFirst(i))
  if (changed.length === 0) return undefined
  const isSameBuild = e.build !== '' && oneLine(e.build) === build
  const found = {
    grade: 'identity',
    severity: changed.includes('name') || isSameBuild ? ('medium' as const) : ('low' as const),
    // Instructions are known as a hash only.
    saw: changed
      .map((what) =>
        what === 'instructions' ? what : `${what} ${before[WHAT.indexOf(what)]} to ${now[WHAT.indexOf(what)]}`,
      )
      .map((what) => `${what} changed`)
      .join(', '),
    expected: 'the server as it was, or a deployment',
    evidence: { changed, build: e.build },
  }
  return judgeOrWait(found, { ts: e.ts, build: oneLine(e.build) }, build, known, joinMs)
}
