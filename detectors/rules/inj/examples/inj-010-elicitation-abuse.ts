/** Examples of inj-010: forms, URLs, what stands in a question, and what comes back of what was typed in. */

import { finds } from '../../../content/sample-content.ts'
import type { Example } from '../../../rule.ts'
import { allGraded, example, exampleWith, type Sample, sample } from '../../../sample.ts'

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
const returns = (request = 'r1', surface: 'result' | 'arguments' = 'result'): Sample =>
  finds(surface, PAT, 'malicious', { request, parameterRole: 'text' })
const other = { urlHosts: ['id.example.net'] }
const listed = { formTools: ['login'] }

export const match: readonly Example[] = [
  ...allGraded(
    'high',
    example('a field for a password', form('credential', 'string')),
    example('a URL that carries a token', sends(HOST, { urlFlaws: ['credential'] })),
    example('a URL with a user', sends(HOST, { urlFlaws: ['userinfo', 'not_https'] })),
    example('a script', sends('', { urlFlaws: ['javascript'] })),
    exampleWith(listed, 'a form of another tool', sample('elicitation.requested', { fieldClasses: ['credential'] })),
    exampleWith(listed, 'a listed tool sends to a script', sends('', { urlFlaws: ['javascript'] })),
    example('an order in the question', asks('injection.conceal', { contentPath: 'message', tool: 'login' })),
    example('a secret in the question', asks(PAT, { validated: true, decodings: ['percent'] })),
    example('what was typed in comes back', fills('credential'), returns()),
  ),
  ...allGraded(
    'medium',
    example('a card number', form('payment')),
    example('a passport', form('identity_document')),
    example('not encrypted', sends(HOST, { urlFlaws: ['not_https'] })),
    example('a host that nobody approved', approves, sends('id.example.net')),
    exampleWith(other, 'a host that is not the listed one', approves, sends('id.example.org')),
    example('a doubtful order in the question', finds('elicitation', 'injection.conceal', 'suspicious')),
    example('a person in the URL', asks('pii.email', { contentPath: 'url', domains: [HOST] })),
  ),
]
export const noMatch: readonly Example[] = [
  example('a number of tokens', form('integer', 'string')),
  example('an address of mail', form('email', 'phone')),
  example('an approved host', approves, sends(HOST)),
  exampleWith(other, 'a listed host', approves, sends('id.example.net')),
  exampleWith(listed, 'a listed tool', form('credential')),
  example('nothing is known of hosts', sends('id.example.net', { tool: 'pay' })),
  example('a secret in any other result', fills('email'), returns()),
  example('a secret in the result of another call', fills('credential', 'accept', 'r2'), returns()),
  example('a secret in the result of the next call', fills('credential'), returns('r2')),
  example('a secret in arguments', fills('credential'), returns('r1', 'arguments')),
  example('an order in the result', fills('credential'), finds('result', 'injection.conceal')),
  example('it was declined', fills('credential', 'decline'), returns()),
  example('a doubtful word in the question', finds('elicitation', 'injection.conceal', 'benign')),
  example('a person in the question', asks('pii.email', { contentPath: 'message' })),
  example('an order in a result is the business of inj-001', finds('result', 'injection.conceal')),
]
