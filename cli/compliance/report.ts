/** The report of one framework: each requirement with its statements, figures, queries and what nobody can see. */
import { BLIND_SPOTS } from '../../detectors/blind-spots.ts'
import type { Answer, AnswerState } from './answers.ts'
import type { Framework } from './framework.ts'
import type { Period } from './statement.ts'

const WORDS: Readonly<Record<AnswerState, string>> = {
  held: 'held',
  exceptions: 'EXCEPTIONS',
  not_observed: 'not observed',
}
/** A blind spot by its id, or the sentence itself. */
const unseen = (text: string): string => {
  const spot = BLIND_SPOTS.find(({ id }) => id === text)
  return spot === undefined ? text : `${spot.threat} (${spot.id}; seen by ${spot.seenBy})`
}

export interface Report {
  readonly framework: Framework
  readonly period: Period
  readonly answers: readonly Answer[]
}
/** Statements that no requirement of the framework names come last: a report always holds all of them. */
export const restOf = ({ framework, answers }: Report): readonly Answer[] => {
  const named = new Set(framework.requirements.flatMap(({ statements }) => statements))
  return answers.filter(({ statement }) => !named.has(statement.id))
}

export function reportAsMarkdown(report: Report): string {
  const { framework, period, answers } = report
  const of = (state: AnswerState): number => answers.filter((answer) => answer.state === state).length
  const byId = new Map(answers.map((answer) => [answer.statement.id, answer]))
  const requirements = framework.requirements.flatMap(({ id, title, statements, supplies }) => [
    `## ${id} ${title}`,
    '',
    supplies,
    '',
    ...table(statements.flatMap((name) => byId.get(name) ?? [])),
  ])
  const rest = restOf(report)
  return [
    `# ${framework.title}`,
    '',
    `Received from ${period.from} until ${period.to}${period.tenant === undefined ? '' : `, tenant ${cell(period.tenant)}`}. Of ${answers.length} statements ${of('held')} held, ${of('exceptions')} have exceptions, ${of('not_observed')} could not be observed: that is no proof that they hold.`,
    '',
    ...requirements,
    ...(rest.length === 0 ? [] : ['## Statements beyond this framework', '', ...table(rest)]),
    '## Evidence',
    '',
    ...answers.flatMap(evidence),
    '## What this report cannot show',
    '',
    ...framework.leaves.map((text) => `- ${text}`),
    '',
  ].join('\n')
}

const table = (answers: readonly Answer[]): readonly string[] => [
  '| Statement | State | Looked at | Exceptions | Figure |',
  '|---|---|---|---|---|',
  ...answers.map(
    ({ statement, state, figures, figure }) =>
      `| ${statement.id} ${statement.title} | ${WORDS[state]} | ${figures['observed']} | ${figures['exceptions']} | ${cell(figure)} |`,
  ),
  '',
]
const evidence = ({ statement, query }: Answer): readonly string[] => [
  `### ${statement.id} ${statement.title}`,
  '',
  `${statement.said}. Catalogue: ${statement.rows.join(', ')}.`,
  '',
  '```sql',
  query,
  '```',
  '',
  ...(statement.notObservable.length === 0
    ? []
    : ['Not observable:', '', ...statement.notObservable.map((text) => `- ${unseen(text)}`), '']),
]
const cell = (text: string): string => text.replaceAll('|', '\\|')

export const reportAsJson = (report: Report): unknown => ({
  framework: report.framework.title,
  period: report.period,
  requirements: report.framework.requirements,
  statements: report.answers.map(({ statement, state, figure, figures, query }) => ({
    id: statement.id,
    title: statement.title,
    said: statement.said,
    rows: statement.rows,
    state,
    figure,
    figures,
    query,
    notObservable: statement.notObservable.map(unseen),
  })),
  leaves: report.framework.leaves,
})
