/** Questions to the store of a bounded answer: what a page asks for is halved while the answer is larger than a reader may get. */
import { AuditdError } from '../../schemas/errors.ts'
import type { Questions } from '../store-question.ts'
import type { Selection } from './selection.ts'

export type Parameters = Readonly<Record<string, string>>
export type AskRows = (sql: string, parameters: Parameters) => Promise<readonly string[]>

/** Lines of JSONCompactEachRow or JSONEachRow. */
export const rowAsker =
  (questions: Questions, format: 'JSONCompactEachRow' | 'JSONEachRow'): AskRows =>
  async (sql, parameters) =>
    (await questions.ask(sql, format, parameters)).split('\n').filter((line) => line !== '')

/** Parameters are bound, never quoted: a name of an attacker may hold anything, line ends too. */
export const filterSql = ({ tenant, server, types }: Selection, typeColumn: string): string =>
  [
    ...(tenant === '' ? [] : ['tenant = {tenant:String}']),
    ...(server === '' ? [] : ['server_id = {server:String}']),
    ...(types.length === 0 ? [] : [`has(splitByChar(',', {types:String}), toString(${typeColumn}))`]),
  ]
    .map((condition) => ` AND ${condition}`)
    .join('')
export const filterParameters = ({ tenant, server, types }: Selection): Parameters => ({
  ...(tenant !== '' && { tenant }),
  ...(server !== '' && { server }),
  ...(types.length > 0 && { types: types.join(',') }),
})

/** `2026-11-24 01:02:03.500`, as the engine reads and prints it. */
export const columnTime = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').slice(0, -1)
export const msOfColumn = (time: string): number => Date.parse(`${time.replace(' ', 'T')}Z`)

/** Below this an answer is not refused for its size. */
const FEWEST_ROWS = 64
/** Answers of `read`, which is told how many rows it may ask for. */
export function pager(mostRows: number) {
  let rows = mostRows
  return async <T>(read: (limit: number) => Promise<T>): Promise<{ readonly answer: T; readonly limit: number }> => {
    for (;;) {
      try {
        return { answer: await read(rows), limit: rows }
      } catch (error) {
        // Events of 256 KB each: a page of them is more than any answer may hold.
        if (!(error instanceof AuditdError && error.kind === 'usage') || rows <= FEWEST_ROWS) throw error
        rows = Math.max(FEWEST_ROWS, Math.floor(rows / 4))
      }
    }
  }
}
