/** Arguments that break out into a shell, a query, a template or code; and programs that a tool must not start. */
import { z } from 'zod'
import {
  asProbe,
  attackOn,
  CONTENT_FIELDS,
  contentEvidence,
  contentSeverity,
  sawContent,
} from '../../content/content-severity.ts'
import { wasRefused } from '../../finding.ts'
import { defineRule, minutes } from '../../rule.ts'
import { match, noMatch } from './examples/inj-003-code-injection.ts'

export default defineRule({
  id: 'inj-003-code-injection',
  version: 1,
  title: 'Command, query or code injection in arguments',
  severity: { allowed: 'high', denied: 'medium' },
  why: 'A model fills in arguments from what it read. A server that passes them to a shell, a database or an interpreter runs what an attacker wrote.',
  falsePositives: [
    'Free text with `;` and `|`: classifiers judge by what a parameter is for; what is doubtful in a text is low.',
    'Tools whose purpose is to run commands: only what does harm whoever wrote it is malicious.',
    'Red teams: tag their principals `red_team`, then it is low.',
  ],
  blindSpots: [
    'An attack that is put together from several arguments or calls.',
    'Parameters whose purpose neither name nor schema tells.',
    'Whether it worked, where the server does not tell its side effects; an error of the tool may come after the harm.',
    'Programs started by native code or by another process on behalf of the server.',
  ],
  triage: [
    'Which argument, and what would it have run? Did a program start in the same call?',
    'Where did the model have the text from: look at the results before it in the trace.',
    'Make the server pass arguments as parameters, never as part of a command or query.',
  ],
  refs: ['MCP05:2025', 'T1059', 'T1190', 'AML.T0050'],
  asksInventory: true,
  requires: {
    'content.finding': [...CONTENT_FIELDS, 'tool', 'request', 'principal'],
    side_effect: ['tool', 'request', 'effectKind', 'programName', 'shell', 'argumentMatch'],
  },
  occasional: ['content.finding', 'side_effect', 'principal', 'decodings', 'validated', 'domains', 'programName'],
  config: z.object({}),
  per: 'request',
  about: 'tool',
  ttl: minutes(10),
  cell: () => ({ passed: '' }),
  where: (e) =>
    e.type === 'side_effect'
      ? e.effectKind === 'exec'
      : e.surface === 'arguments' && attackOn(e.findingClass) === 'program' && contentSeverity(e) !== undefined,
  on: {
    'content.finding'(e, call) {
      const found = contentSeverity(e)!
      const isAnnounced = e.tagsOf('principals', e.principal).includes('red_team')
      if (!isAnnounced) call.passed = e.findingClass
      const severity = isAnnounced ? 'low' : wasRefused(e) ? asProbe(found) : found
      return { severity, saw: sawContent(e), expected: 'arguments that stay arguments', evidence: contentEvidence(e) }
    },
    side_effect(e, call) {
      const { programName, shell, argumentMatch } = e
      const program = { program: programName, shell: `${shell}`, argumentInCommand: `${argumentMatch}` }
      if (e.tagsOf('tools', e.tool).includes('no_exec'))
        return { severity: 'critical', saw: `${programName} was started`, expected: 'no program', evidence: program }
      if (call.passed === '' || !(shell || argumentMatch)) return
      const evidence = { ...program, class: call.passed }
      return {
        severity: 'high',
        saw: `${programName} was started after ${call.passed}`,
        expected: 'no program',
        evidence,
      }
    },
  },
  examples: { match, noMatch },
})
