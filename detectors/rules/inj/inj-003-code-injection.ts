/** Arguments that break out into a shell, a query, a template or code; and programs that a tool must not start. */
import { z } from 'zod'
import {
  asProbe,
  attackOn,
  CONTENT_FIELDS,
  contentEvidence,
  contentSeverity,
  sawContent,
} from '../../content-severity.ts'
import { wasRefused } from '../../finding.ts'
import { defineRule, minutes } from '../../rule.ts'
import { example, type Sample, sample } from '../../sample.ts'
import { finds, tagged } from '../../sample-content.ts'

type Words = Parameters<typeof finds>[3]
const passes = (kind: string, verdict: 'malicious' | 'suspicious' = 'malicious', more: Words = {}): Sample =>
  finds('arguments', `attack.${kind}`, verdict, {
    tool: 'logs',
    parameterRole: 'path',
    contentPath: 'args.name',
    ...more,
  })
const starts = (more: Parameters<typeof sample<'side_effect'>>[1] = {}): Sample =>
  sample('side_effect', { request: 'r1', tool: 'logs', effectKind: 'exec', programName: 'sh', shell: true, ...more })
const mute = tagged('tools', 'logs=no_exec')

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
      : e.surface === 'arguments' && attackOn(e.findingClass) === 'program' && e.verdict !== 'benign',
  on: {
    'content.finding'(e, call) {
      const found = contentSeverity(e)
      if (found === undefined) return
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
  examples: {
    match: [
      example('a second command behind a name', passes('command_injection')),
      example('a doubtful one', passes('command_injection', 'suspicious', { score: 0.6 })),
      example('a doubtful one in a text', passes('formula_injection', 'suspicious', { parameterRole: 'text' })),
      example('a refused one', passes('sql_injection', 'malicious', { decision: 'deny', decodings: ['percent'] })),
      example(
        'of a red team',
        tagged('principals', '616c696365=red_team'),
        passes('xxe', 'malicious', { principal: 'alice' }),
      ),
      example('it is run by a shell', passes('command_injection', 'suspicious'), starts()),
      example(
        'it is run as it is',
        passes('argument_injection'),
        starts({ shell: false, argumentMatch: true, programName: 'git' }),
      ),
      example('a program of another call is its own', passes('xxe'), starts({ request: 'r2' })),
      example('a tool that must not start programs', mute, starts({ programName: 'python3', shell: false })),
      example(
        'a download that is run',
        passes('download_and_run', 'malicious', { domains: ['x.example'], validated: true }),
      ),
    ],
    noMatch: [
      example(
        'a company and a quarter with `;` and `|` in a free text',
        finds('arguments', 'attack.command_injection', 'benign'),
      ),
      example('a path is the business of inj-004', passes('path_traversal')),
      example('an address is the business of inj-005', passes('ssrf')),
      example('an order is the business of inj-002', finds('arguments', 'injection.command')),
      example('an attack shown in a result', finds('result', 'attack.sql_injection')),
      example('a program without an attack', starts({ argumentMatch: true })),
      example('a program in another call', finds('arguments', 'attack.xxe', 'unknown', { request: 'r2' }), starts()),
      example('a file that such a tool writes', mute, starts({ effectKind: 'file_write', tool: 'logs' })),
      example('a program of another tool', mute, starts({ tool: 'git' })),
    ],
  },
})
