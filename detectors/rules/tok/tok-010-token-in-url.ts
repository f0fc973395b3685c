/** A credential stands in the URL, a form or a cookie instead of the Authorization header. */
import { z } from 'zod'
import { defineRule } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'

type Fields = Parameters<typeof sample<'http.request'>>[1]
const request = (
  credentialLocation: 'header' | 'query' | 'cookie' | 'body' | 'none',
  credentialParameter = '',
  more: Fields = {},
) => sample('http.request', { credentialLocation, credentialParameter, client: 'ide', decision: 'allow', ...more })

export default defineRule({
  id: 'tok-010-token-in-url',
  version: 1,
  title: 'Token in the URL or another wrong place',
  severity: { allowed: 'high', denied: 'low' },
  why: 'URLs stand in the logs of every proxy, in histories and in referrers: a token there is known to many. The specification allows the header alone.',
  falsePositives: [
    'One-time tickets of old SSE clients: list the parameter here, or as a ticket parameter of the instrumentation.',
    'Parameters whose name alone may mean something else, such as `key`, are medium.',
    'Cookies of a load balancer or of a page beside the server look like credentials: low.',
  ],
  blindSpots: ['Credentials under a name that does not say so, and in the path.', 'Requests that no edge sees.'],
  triage: [
    'Which client builds the URL? Let it send the Authorization header.',
    'Revoke the token: it stands in access logs. Let the server refuse tokens in URLs.',
  ],
  refs: ['MCP01:2025', 'T1552', 'RFC 6750'],
  // A server that takes keys in its URL does so for everybody: one alert, not one for each client.
  per: 'server',
  requires: { 'http.request': ['credentialLocation', 'credentialParameter', 'client'] },
  occasional: ['credentialParameter'],
  config: z.object({
    ticketParameters: z.array(z.string()).default([]).describe('Query parameters that are one-time tickets by design.'),
    weakParameters: z.array(z.string()).default(['key']).describe('Query parameters that may mean something else.'),
  }),
  check: {
    'http.request'(e, { ticketParameters, weakParameters }) {
      const { credentialLocation: place, credentialParameter: parameter } = e
      if (place === '' || place === 'none' || place === 'header' || ticketParameters.includes(parameter)) return
      const match = {
        saw: place === 'query' ? `a credential in the URL (${parameter})` : `a credential in the ${place}`,
        expected: 'the Authorization header',
        evidence: { client: e.client },
      }
      if (place === 'query' && !weakParameters.includes(parameter)) return match
      const isRefused = e.decision === 'deny' || e.decision === 'challenge'
      return { ...match, severity: place === 'cookie' || isRefused ? 'low' : 'medium' }
    },
  },
  examples: {
    match: [
      graded('high', example('an access token in the URL', request('query', 'access_token'))),
      graded('high', example('an API key in the URL', request('query', 'api_key', { client: '' }))),
      graded('low', example('refused', request('query', 'access_token', { decision: 'challenge' }))),
      graded('medium', example('a parameter that may be a key', request('query', 'key'))),
      graded('medium', example('in a form', request('body'))),
      graded('low', example('in a form, refused', request('body', '', { decision: 'deny' }))),
      graded('low', example('in a form, challenged', request('body', '', { decision: 'challenge' }))),
      graded('low', example('in a cookie', request('cookie'))),
      graded('high', exampleWith({ weakParameters: [] }, 'a key is a key', request('query', 'key'))),
    ],
    noMatch: [
      example('`token_type` is no credential', request('header', '')),
      example('no credential', request('none')),
      example('nothing is said of it', sample('http.request', { client: 'ide' })),
      exampleWith({ ticketParameters: ['ticket_token'] }, 'a one-time ticket', request('query', 'ticket_token')),
    ],
  },
})
