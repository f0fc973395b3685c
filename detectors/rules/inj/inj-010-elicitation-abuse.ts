/** A server asks a person for a secret in a form, sends them to a URL that is not safe, or hands a secret that was filled in back. */
import { z } from 'zod'
import { CONTENT_FIELDS, contentEvidence, RARE_FACTS, sawContent } from '../../content-severity.ts'
import { isAboutElicitation, judgeElicitation, judgeElicited, notFilled } from '../../elicitation.ts'
import { defineRule, hours } from '../../rule.ts'
import { example, exampleWith, type Sample, sample } from '../../sample.ts'
import { finds } from '../../sample-content.ts'

type Words = NonNullable<Parameters<typeof sample<'elicitation.requested'>>[1]>
const form = (...fieldClasses: string[]): Sample =>
  sample('elicitation.requested', { mode: 'form', fieldClasses, request: 'r1', tool: 'login' })
const sends = (urlHost: string, more: Words = {}): Sample =>
  sample('elicitation.requested', { mode: 'url', urlHost, request: 'r1', tool: 'login', ...more })
type Action = 'accept' | 'decline'
const fills = (fieldClass: string, action: Action = 'accept', request = 'r1'): Sample =>
  sample('elicitation.completed', { action, fieldClasses: [fieldClass], request, tool: 'login' })
const HOST = 'id.example.com'
const approves = sample('inventory.snapshot', { inventoryKind: 'destinations', approved: [HOST], complete: true })
const PAT = 'secret.github_token'
const asks = (kind: string, more: Parameters<typeof finds>[3] = {}): Sample =>
  finds('elicitation', kind, 'malicious', more)
const returns = (request = 'r1'): Sample => finds('result', PAT, 'malicious', { request, parameterRole: 'text' })
const OPTIONAL = ['domains', 'urlFlaws', 'urlHost'] as const
const other = { urlHosts: ['id.example.net'] }
const listed = { formTools: ['login'] }

export default defineRule({
  id: 'inj-010-elicitation-abuse',
  version: 1,
  title: 'Elicitation of secrets or to an unsafe URL',
  severity: 'high',
  why: 'A form of a server looks like one of the host: people type passwords into it. A URL that is already authenticated gives its rights to whoever opens it.',
  falsePositives: [
    'Names such as `tokenCount`: what is counted, and what is a number, is no secret.',
    'Hosts to which a server may send people: approve them as destinations, or list them in urlHosts.',
    'A form field that only looks like a secret: list its tool in formTools.',
  ],
  blindSpots: [
    'What a form asks for in its text, in words that no classifier knows.',
    'Where a page leads after it was opened. Which host is the right one, where no inventory of destinations is fed in.',
    'MFA and consent at the client: the server does not see them.',
  ],
  triage: [
    'Who answered, and with what: are there elicitation.completed events with an accept?',
    'Change what was typed in. Which server asks, and since which build?',
    'Use URL mode and a page of the service that the secret belongs to.',
  ],
  refs: ['MCP01:2025', 'MCP06:2025', 'T1056', 'T1566.002'],
  asksInventory: true,
  requires: {
    'elicitation.requested': ['tool', 'mode', 'urlHost', 'fieldClasses', 'urlFlaws'],
    'elicitation.completed': ['request', 'action', 'fieldClasses'],
    'content.finding': [...CONTENT_FIELDS, 'tool', 'request'],
  },
  occasional: ['elicitation.requested', 'elicitation.completed', 'content.finding', ...RARE_FACTS, ...OPTIONAL],
  config: z.object({
    urlHosts: z.array(z.string()).default([]).describe('Hosts to which servers may send people.'),
    formTools: z.array(z.string()).default([]).describe('Tools whose forms may ask for what looks like a secret.'),
  }),
  per: 'server',
  about: 'tool',
  ttl: hours(1),
  cell: () => ({}),
  beside: { call: { per: 'request', cell: notFilled } },
  where: (e) => e.type !== 'content.finding' || isAboutElicitation(e),
  on: {
    'elicitation.requested'(e, _, { urlHosts, formTools }) {
      if (e.mode !== 'url' && formTools.includes(e.tool)) return
      const listing = urlHosts.includes(e.urlHost) ? 'approved' : e.listingOf('destinations', e.urlHost)
      return judgeElicitation(e, listing)
    },
    'elicitation.completed'(e, _, __, { call }) {
      if (e.action === 'accept' && e.fieldClasses.includes('credential')) call.isFilled = true
    },
    'content.finding'(e, _, __, { call }) {
      const judged = judgeElicited(e, call)
      return judged && { ...judged, saw: sawContent(e), evidence: contentEvidence(e) }
    },
  },
  examples: {
    match: [
      example('a field for a password', form('credential', 'string')),
      example('a card number', form('payment')),
      example('a passport', form('identity_document')),
      example('a URL that carries a token', sends(HOST, { urlFlaws: ['credential'] })),
      example('a URL with a user', sends(HOST, { urlFlaws: ['userinfo', 'not_https'] })),
      example('a script', sends('', { urlFlaws: ['javascript'] })),
      example('not encrypted', sends(HOST, { urlFlaws: ['not_https'] })),
      example('a host that nobody approved', approves, sends('id.example.net')),
      exampleWith(other, 'a host that is not the listed one', approves, sends('id.example.org')),
      exampleWith(listed, 'a form of another tool', sample('elicitation.requested', { fieldClasses: ['credential'] })),
      exampleWith(listed, 'a listed tool sends to a script', sends('', { urlFlaws: ['javascript'] })),
      example('an order in the question', asks('injection.conceal', { contentPath: 'message', tool: 'login' })),
      example('a secret in the question', asks(PAT, { validated: true, decodings: ['percent'] })),
      example('a person in the URL', asks('pii.email', { contentPath: 'url', domains: [HOST] })),
      example('what was typed in comes back', fills('credential'), returns()),
    ],
    noMatch: [
      example('a number of tokens', form('integer', 'string')),
      example('an address of mail', form('email', 'phone')),
      example('an approved host', approves, sends(HOST)),
      exampleWith(other, 'a listed host', approves, sends('id.example.net')),
      exampleWith(listed, 'a listed tool', form('credential')),
      example('nothing is known of hosts', sends('id.example.net', { tool: 'pay' })),
      example('a secret in any other result', fills('email'), returns()),
      example('a secret in the result of another call', fills('credential', 'accept', 'r2'), returns()),
      example('a secret in the result of the next call', fills('credential'), returns('r2')),
      example('it was declined', fills('credential', 'decline'), returns()),
      example('a doubtful word in the question', finds('elicitation', 'injection.conceal', 'benign')),
      example('a person in the question', asks('pii.email', { contentPath: 'message' })),
      example('an order in a result is the business of inj-001', finds('result', 'injection.conceal')),
    ],
  },
})
