/** A tool's definition changes after people, or the first sight, trusted it. */
import { z } from 'zod'
import { GRAVE, HARMLESS } from '../../definitions/change-examples.ts'
import { READ_OF_DEFINITION, SELDOM_SAID } from '../../definitions/facts.ts'
import { approveTool, judgeDefinition, judgePending, newTool, notShown, revokeTool } from '../../definitions/history.ts'
import { EXPLAINED, IN_PARTS, REVOKED, UNEXPLAINED } from '../../definitions/history-examples.ts'
import { IGNORABLE } from '../../definitions/ignored.ts'
import { judgeName, unnamed } from '../../definitions/renamed.ts'
import { deployedNear, noDeployments, rememberDeployment } from '../../deployments.ts'
import { days, defineRule, minutes } from '../../rule.ts'
import { entryOf } from '../../table.ts'

export default defineRule({
  id: 'tdf-001-definition-changed',
  version: 2,
  title: 'Tool definition changed after approval',
  severity: 'medium',
  why: 'A tool that was harmless when it was approved can be told to steal later: the model reads the new text, people do not.',
  falsePositives: [
    'Most changes are honest: rewording is info or low, wider input and weaker annotations medium, a new order to the model high.',
    'Deployments: feed them in, or approve the new definition. Descriptions by locale have a history each.',
    'Parts that change by themselves can be ignored per tool, by part or by JSON pointer of a property.',
  ],
  blindSpots: [
    'The first sight is trusted where nobody approves; its text is judged by TDF-003.',
    'An order that no classifier finds is graded by its words as rewording.',
    'A definition changed on the way to the client: only a client sees that.',
    'A new build without a deployment is reported 30 minutes later, when event time gets there.',
  ],
  triage: [
    'Compare the two definitions: which part changed, and what does it tell the model?',
    'List all calls under the new definition hash.',
    'Who could change the server at run time? Roll back, then approve or reject the hash.',
  ],
  refs: ['MCP03:2025', 'AML.T0109', 'AML.T0110', 'SAFE-T1201'],
  requires: {
    'definition.seen': [...READ_OF_DEFINITION, 'nameKey', 'parts'],
    'tool.approved': ['tool', 'approvedHash', 'expiresAt'],
    'tool.approval.revoked': ['tool', 'approvedHash', 'all'],
    'deployment.event': ['deployedServer', 'deployedClient', 'newBuildDigest'],
  },
  occasional: [...SELDOM_SAID, 'tool.approved', 'tool.approval.revoked'],
  producerGaps: { 'deployment.event': 'comes only by replay or from a pipeline that sends it' },
  config: z.object({
    joinMs: z.int().default(minutes(30)).describe('How far from a deployment a change is its own, milliseconds.'),
    ignoreParts: z
      .record(z.string(), z.array(z.string().regex(IGNORABLE)))
      .default({})
      .describe('What of a tool may change by itself: description, input, output …, or /inputSchema/properties/….'),
  }),
  per: 'tool',
  ttl: days(400),
  cell: newTool,
  beside: {
    shown: { per: 'definition', cell: notShown },
    wording: { per: 'wording', cell: unnamed },
    spelling: { per: 'spelling', cell: unnamed },
    deployments: { per: 'server', cell: noDeployments, on: { 'deployment.event': rememberDeployment } },
  },
  where: (e) => (e as { readonly hash?: string }).hash !== '',
  on: {
    'definition.seen'(e, tool, { joinMs, ignoreParts }, { shown, wording, spelling, deployments }) {
      const isNew = !tool.isKnown
      const ignored = entryOf(ignoreParts, e.tool) ?? []
      const change = judgeDefinition(e, tool, shown, deployments, { joinMs, ignored })
      if (!isNew) return change
      return change ?? judgeName(e, wording, spelling, deployedNear(deployments, e.build, e.ts, joinMs))
    },
    'tool.approved': (e, tool) => approveTool(e, tool),
    'tool.approval.revoked': (e, tool) => revokeTool(e, tool),
  },
  onTimer: (_, tool, config, { deployments }) => judgePending(tool, deployments, config.joinMs),
  examples: { match: [...HARMLESS, ...GRAVE, ...UNEXPLAINED, ...REVOKED, ...IN_PARTS], noMatch: EXPLAINED },
})
