/** A tool is called although nobody approved its definition, on a server whose definitions people approve. */
import { z } from 'zod'
import { type Approvals, isApproved, noApprovals, noteApproval, noteRevocation } from '../../definitions/approvals.ts'
import { shortHash } from '../../definitions/facts.ts'
import { days, defineRule, hours } from '../../rule.ts'
import { example, exampleWith, graded, hashOf, SAMPLE_EPOCH_MS, sample } from '../../sample.ts'

const GOOD = hashOf('good')
const EVIL = hashOf('evil')
type Call = NonNullable<Parameters<typeof sample<'tool.call'>>[1]>
/** At minutes. */
const calls = (at: number, definition: string, more: Call = {}) =>
  sample('tool.call', { ts: at * 60_000, tool: 'pay', decision: 'allow', definition, ...more })
const approves = (approvedHash: string, tool = 'pay', expiresAt = 0) =>
  sample('tool.approved', { ts: 0, tool, approvedHash, expiresAt })
const revokes = (approvedHash: string, all = false, tool = 'pay') =>
  sample('tool.approval.revoked', { ts: 0, tool, approvedHash, all })
const EXPIRES_AT = SAMPLE_EPOCH_MS / 1_000 + 60
const observe = { mode: 'observe' }
const strict = { everyTool: true }

/** Approvals of one tool, whether it ever had one, and the definition that was called last, with since when. */
type Called = Approvals & { isKnown: boolean; calledHash: string; calledMs: number }
const newCalled = () => ({ ...noApprovals(), isKnown: false, calledHash: '', calledMs: 0 }) as Called

export default defineRule({
  id: 'tdf-010-unapproved-definition-called',
  version: 1,
  title: 'Call of a tool whose definition is not approved',
  severity: { allowed: 'high', denied: 'low' },
  why: 'An approval that calls do not respect is paper: the definition in force is what the model read, whatever was reviewed.',
  falsePositives: [
    'A new version that is reviewed later the same day: in `observe` mode the first hour is not reported.',
    'Tools that nobody ever approved are medium, and only where every tool is meant to be approved.',
  ],
  blindSpots: [
    'Calls whose definition is not known: they carry no hash.',
    'Approvals that are kept elsewhere and not fed in.',
  ],
  triage: [
    'Compare the called definition with the approved one: mcp-auditd definitions diff.',
    'Approve it, or stop the server from offering it.',
    'Who called it meanwhile, and what came of it?',
  ],
  refs: ['MCP03:2025', 'AML.T0053'],
  requires: {
    'tool.call': ['tool', 'definition', 'decision'],
    'tool.approved': ['tool', 'approvedHash', 'expiresAt'],
    'tool.approval.revoked': ['tool', 'approvedHash', 'all'],
  },
  occasional: ['tool.approved', 'tool.approval.revoked'],
  config: z.object({
    mode: z
      .enum(['enforce', 'observe'])
      .default('enforce')
      .describe('observe: a definition may be called for a while first.'),
    graceMs: z.int().default(hours(1)).describe('How long that is, milliseconds.'),
    everyTool: z.boolean().default(false).describe('Tools without any approval count too, once the server has one.'),
  }),
  per: 'tool',
  ttl: days(400),
  cooldown: days(1),
  cell: newCalled,
  beside: {
    server: {
      per: 'server',
      cell: (): { approves: boolean } => ({ approves: false }),
      on: {
        'tool.approved': (_, cell) => {
          cell.approves = true
        },
      },
    },
  },
  where: (e, { server }) => e.type !== 'tool.call' || (e.definition !== '' && server.approves),
  on: {
    'tool.call'(e, cell, { mode, graceMs, everyTool }) {
      const hash = shortHash(e.definition)
      if ((!cell.isKnown && !everyTool) || isApproved(cell, hash, e.ts)) return
      if (cell.calledHash !== hash) Object.assign(cell, { calledHash: hash, calledMs: e.ts })
      if (mode === 'observe' && e.ts - cell.calledMs < graceMs) return
      return {
        ...(!cell.isKnown && e.decision !== 'deny' && { severity: 'medium' }),
        saw: cell.isKnown
          ? 'a call of a definition that is not an approved one'
          : 'a call of a tool that nobody approved',
        expected: 'an approved definition',
        evidence: { class: 'unapproved', hash: e.definition },
      }
    },
    'tool.approved'(e, cell) {
      cell.isKnown = true
      noteApproval(e, cell)
    },
    'tool.approval.revoked': (e, cell) => noteRevocation(e, cell),
  },
  examples: {
    match: [
      graded('high', example('another definition than the approved one', approves(GOOD), calls(1, EVIL))),
      graded('low', example('it is refused', approves(GOOD), calls(1, EVIL, { decision: 'deny' }))),
      example('the approval was revoked', approves(GOOD), revokes(GOOD), calls(1, GOOD)),
      example('all approvals were revoked', approves(GOOD), revokes(EVIL, true), calls(1, GOOD)),
      example('the approval has expired', approves(GOOD, 'pay', EXPIRES_AT), calls(1, GOOD)),
      exampleWith(observe, 'for an hour', approves(GOOD), calls(1, EVIL), calls(61, EVIL)),
      graded('medium', exampleWith(strict, 'called before its approval', approves(GOOD, 'read'), calls(1, GOOD))),
      graded(
        'low',
        exampleWith(strict, 'refused before it', approves(GOOD, 'read'), calls(1, GOOD, { decision: 'deny' })),
      ),
    ],
    noMatch: [
      example('an approved definition', approves(GOOD), approves(EVIL), calls(1, GOOD), calls(2, EVIL)),
      example(
        'another tool was approved too',
        approves(GOOD),
        approves(EVIL, 'read'),
        calls(1, EVIL, { tool: 'read' }),
      ),
      example('it has not expired yet', approves(GOOD, 'pay', EXPIRES_AT), calls(0.9, GOOD)),
      example('another approval ends', approves(GOOD), approves(EVIL), revokes(EVIL), calls(1, GOOD)),
      example('approvals of another tool end', approves(GOOD), revokes(GOOD, true, 'read'), calls(1, GOOD)),
      example('nobody approves on this server', calls(1, EVIL)),
      example('nobody approves this tool', approves(GOOD, 'read'), calls(1, EVIL)),
      example('the definition is not known', approves(GOOD), calls(1, '')),
      exampleWith(observe, 'not for an hour', approves(GOOD), calls(1, EVIL), calls(60.9, EVIL)),
      exampleWith(
        observe,
        'another one since',
        approves(GOOD),
        calls(1, EVIL),
        calls(50, hashOf('x')),
        calls(70, EVIL),
      ),
      exampleWith(strict, 'no server approves', calls(1, EVIL)),
    ],
  },
})
