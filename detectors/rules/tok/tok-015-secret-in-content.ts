/** A token, key or password passes through a tool, a resource, a prompt or an error. */
import { z } from 'zod'
import {
  asProbe,
  CONTENT_FIELDS,
  contentEvidence,
  contentSeverity,
  familyOf,
  sawContent,
} from '../../content/content-severity.ts'
import { finds, tagged } from '../../content/sample-content.ts'
import { wasRefused } from '../../finding.ts'
import { defineRule } from '../../rule.ts'
import { allGraded, example, exampleWith } from '../../sample.ts'

const PAT = 'secret.github_token'
const proven = { validated: true, contentPath: 'content[0].text' }
const database = { domains: ['db.example'] }
const takes = tagged('tools', 'fetch=takes_secret')
const vault = tagged('tools', 'fetch=secret_retrieval')
const given = { contentPath: 'args.key', parameterRole: 'text' } as const

export default defineRule({
  id: 'tok-015-secret-in-content',
  version: 1,
  title: 'Secret in MCP content',
  severity: 'critical',
  why: 'What a tool returns goes to a model, its provider, its logs and its next tool: a secret in it is out of hand and has to be revoked.',
  falsePositives: [
    'Placeholders, public keys, hashes and commit ids are not reported by the classifiers; test keys and identifiers are low.',
    'A tool whose purpose is to hand out secrets: tag it `secret_retrieval`. One that takes a credential: tag it `takes_secret`, then it is low.',
    'Keys that are meant for web pages, such as those of maps, are medium.',
  ],
  blindSpots: [
    'Secrets without a form, a checksum or a telling name, and those in pictures and archives.',
    'What lies beyond the bounds of scanning: `unscannedBytes` says how much.',
    'Logs of the server itself: only what passes MCP is read.',
  ],
  triage: [
    'Whose secret is it and what does it open? Revoke it first.',
    'Who got it: list the calls with the same span hash, and where their results went.',
    'How did it come into the data: a file, an environment, an error text? Keep it out there.',
  ],
  refs: ['MCP01:2025', 'T1552', 'AML.T0098', 'AML.T0083', 'AML.T0055'],
  asksInventory: true,
  requires: {
    'content.finding': [...CONTENT_FIELDS, 'tool'],
  },
  occasional: ['content.finding', 'validated', 'parameterRole', 'decodings', 'domains', 'tool'],
  config: z.object({
    ignoreClasses: z
      .array(z.string())
      .default([])
      .describe('Classes that are no secret here, such as secret.gcp_api_key.'),
  }),
  per: 'tool',
  check: {
    'content.finding'(e, { ignoreClasses }) {
      if (familyOf(e.findingClass) !== 'secret' || ignoreClasses.includes(e.findingClass)) return
      // What a server asks a person is judged by inj-010.
      if (e.surface === 'elicitation') return
      const found = contentSeverity(e)
      if (found === undefined) return
      const tags = e.tagsOf('tools', e.tool)
      const isPassed = e.surface === 'arguments'
      if (!isPassed && tags.includes('secret_retrieval')) return
      const severity = isPassed && tags.includes('takes_secret') ? 'low' : wasRefused(e) ? asProbe(found) : found
      return { severity, saw: sawContent(e), expected: 'content without secrets', evidence: contentEvidence(e) }
    },
  },
  examples: {
    match: [
      ...allGraded(
        'critical',
        example('an access token with a good checksum in a result', finds('result', PAT, 'malicious', proven)),
        example('one that a tool repeats which takes it', takes, finds('result', PAT, 'malicious', proven)),
      ),
      ...allGraded(
        'high',
        example(
          'a key without proof in a resource',
          finds('resource', 'secret.slack_token', 'malicious', { tool: '' }),
        ),
        example('a password in arguments', finds('arguments', 'secret.password', 'malicious', given)),
        example('a proven one in arguments', finds('arguments', PAT, 'malicious', { ...given, validated: true })),
        example('a proven one in a refused answer', finds('error', PAT, 'malicious', { ...proven, decision: 'deny' })),
        example('a value that looks like one', finds('result', 'secret.generic', 'malicious', { score: 0.7 })),
        example(
          'a tool that hands out secrets is given one',
          vault,
          finds('arguments', 'secret.database_url', 'malicious', database),
        ),
      ),
      ...allGraded(
        'medium',
        example('what only its name calls a secret', finds('result', 'secret.generic', 'malicious', { score: 0.69 })),
        example('a key of a map', finds('result', 'secret.gcp_api_key')),
      ),
      ...allGraded(
        'low',
        example('a test key', finds('result', 'secret.stripe_key', 'suspicious', { decodings: ['base64'] })),
        example('a tool that takes one', takes, finds('arguments', PAT)),
      ),
    ],
    noMatch: [
      example('a commit id is not reported as one', finds('result', 'secret.generic', 'benign')),
      example('a question to a person is the business of inj-010', finds('elicitation', PAT, 'malicious', proven)),
      example('an order is no secret', finds('result', 'injection.conceal')),
      example('a vault hands out what is in it', vault, finds('result', PAT)),
      exampleWith({ ignoreClasses: [PAT] }, 'a class that is none here', finds('result', PAT, 'malicious', proven)),
    ],
  },
})
