/** An export from its first question to its last line: told to the audit before and after, in bounded memory. */
import type { Access } from '../access-event.ts'
import { askService } from '../admin/running-service.ts'
import type { Questions } from '../store-question.ts'
import type { Destination } from './destination.ts'
import type { Lines } from './lines.ts'
import type { Selection } from './selection.ts'

export interface Exported {
  /** Lines written. */
  readonly written: number
  /** Events without a place in the format, by type. */
  readonly left: Lines<unknown>['left']
  /** False: no service is running that could take it down. */
  readonly audited: boolean
}
export interface Who {
  readonly actor: string
  readonly reason: string
}

/** Lines of one write: a page is not rendered at once, an event may have 256 KB. */
const WRITE_LINES = 250

/** Pages to lines. On a failure nothing is there at the destination, and the audit says how many rows were read. */
export async function runExport<T>(
  questions: Questions,
  { actor, reason }: Who,
  selection: Selection,
  pages: AsyncIterable<readonly T[]>,
  lines: Lines<T>,
  destination: Destination,
): Promise<Exported> {
  const access = { operation: 'export', actor, reason, subject: subjectOf(selection), ...tenantOf(selection) } as const
  let written = 0
  let read = 0
  try {
    // First, so that nobody can read all and stop before the end is told.
    const audited = await tellAccess(questions, access)
    if (lines.head !== '') await destination.write(`${lines.head}\n`)
    for await (const page of pages) {
      read += page.length
      for (let at = 0; at < page.length; at += WRITE_LINES) {
        const part = page.slice(at, at + WRITE_LINES).map((one) => lines.line(one))
        const texts = part.filter((line) => line !== undefined)
        written += texts.length
        if (texts.length > 0) await destination.write(`${texts.join('\n')}\n`)
      }
    }
    await tellAccess(questions, { ...access, rows: read })
    await destination.finish()
    return { written, left: lines.left, audited }
  } catch (error) {
    await destination.abandon().catch(() => {})
    await tellAccess(questions, { ...access, rows: read, reason: `failed. ${reason}` }).catch(() => {})
    throw error
  }
}

const subjectOf = ({ what, fromMs, toMs, server, types }: Selection): string =>
  [
    what,
    `${new Date(fromMs).toISOString()}/${new Date(toMs).toISOString()}`,
    ...(server === '' ? [] : [`server=${server}`]),
    ...(types.length === 0 ? [] : [`type=${types.join(',')}`]),
  ]
    .join(' ')
    .slice(0, 512)
const tenantOf = ({ tenant }: Selection): Pick<Access, 'tenant'> => (tenant === '' ? {} : { tenant })

/** Through the running service, whose log keeps it. False when none runs: who reads an idle folder owns its files. */
export async function tellAccess({ service }: Questions, access: Access): Promise<boolean> {
  if (service === undefined) return false
  return (await askService(service, '/v1/audit-access', access)) !== undefined
}
