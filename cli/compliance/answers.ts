/** Asks the store how far each statement held in a period. */
import { AuditdError } from '../../schemas/errors.ts'
import { rowsOf } from '../store-question.ts'
import { type Figures, type Period, type Statement, scopeOf } from './statement.ts'

/** held: looked at, no exception. exceptions: some. not_observed: nothing arrived that could have broken it, which proves nothing. */
export type AnswerState = 'held' | 'exceptions' | 'not_observed'
export interface Answer {
  readonly statement: Statement
  readonly state: AnswerState
  readonly figure: string
  readonly figures: Figures
  readonly query: string
}
const NOTHING = 'nothing that could tell was received'
/** Read-only SQL to rows of one JSON object a line. */
export type Ask = (sql: string) => Promise<string>

export async function answersOf(
  statements: readonly Statement[],
  period: Period,
  ask: Ask,
): Promise<readonly Answer[]> {
  const scope = scopeOf(period)
  const answers: Answer[] = []
  // One after the other: each reads much, and people ask at the same time.
  for (const statement of statements) {
    const query = statement.query(scope)
    const [row] = rowsOf<Record<string, unknown>>(await ask(query))
    if (row === undefined) throw new AuditdError('store_unavailable', 'report', statement.id, 'the store gave no row')
    const figures = numbersOf(row)
    const state = stateOf(figures)
    const figure = state === 'not_observed' ? NOTHING : statement.figure(figures)
    answers.push({ statement, state, figure, figures, query })
  }
  return answers
}

function stateOf({ observed, exceptions }: Figures): AnswerState {
  if (Number(exceptions) > 0) return 'exceptions'
  return Number(observed) > 0 ? 'held' : 'not_observed'
}
/** ClickHouse may write large numbers as texts, and NULL or nan where there was nothing. */
const numbersOf = (row: Record<string, unknown>): Figures =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (Array.isArray(value)) return [name, value.map(String)]
      const number = Number(value)
      return [name, value === null || Number.isNaN(number) ? 0 : number]
    }),
  )
