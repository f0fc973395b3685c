/** A server asks a person for a secret in a form, sends them to a URL that is not safe, or hands a secret that was filled in back. */
import { z } from 'zod'
import { CONTENT_FIELDS, contentEvidence, RARE_FACTS, sawContent } from '../../content/content-severity.ts'
import { isAboutElicitation, judgeElicitation, judgeElicited, notFilled } from '../../content/elicitation.ts'
import { defineRule, hours } from '../../rule.ts'
import { match, noMatch } from './examples/inj-010-elicitation-abuse.ts'

const OPTIONAL = ['domains', 'urlFlaws', 'urlHost'] as const

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
  examples: { match, noMatch },
})
