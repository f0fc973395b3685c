/** A tool has a name that the protocol does not allow: clients show and route such names each in their own way. */
import { z } from 'zod'
import { defineRule } from '../../rule.ts'
import { example, exampleWith } from '../../sample.ts'
import { shows } from '../../sample-registry.ts'

const LEGAL = /^[A-Za-z0-9_.-]{1,128}$/
const named = (...names: string[]) =>
  shows(
    0,
    names.map((name) => ({ name })),
  )

export default defineRule({
  id: 'tdf-004-illegal-tool-name',
  version: 1,
  title: 'Tool name outside the allowed characters',
  severity: 'low',
  why: 'Names with blanks, slashes or letters of other scripts are cut, folded or shown differently: one tool passes for another.',
  falsePositives: ['Gateways that put the name of a server and a slash in front: allow the character.'],
  blindSpots: ['Names longer than 512 characters arrive cut.'],
  triage: [
    'Show the name with its code points: which characters are not what they seem?',
    'Ask the author of the server for a name of letters, digits, _ . and -.',
  ],
  refs: ['MCP03:2025', 'T1036'],
  requires: { 'definition.seen': ['tool'] },
  config: z.object({
    alsoAllowed: z.string().max(16).default('').describe('Characters that are allowed in names here, such as `/`.'),
  }),
  per: 'tool',
  check: {
    'definition.seen'({ tool }, { alsoAllowed }) {
      const name = Array.from(tool, (one) => (alsoAllowed.includes(one) ? '-' : one)).join('')
      if (LEGAL.test(name)) return undefined
      return {
        saw: `a tool name of ${tool.length} characters, or with some that names may not have`,
        expected: 'letters, digits, _ . and -, at most 128',
        evidence: { class: 'illegal_name' },
      }
    },
  },
  examples: {
    match: [
      example('a blank', named('read file')),
      example('a letter of another script', named('r\u0435ad_file')),
      example('one character too many', named('a'.repeat(129))),
      exampleWith({ alsoAllowed: '/' }, 'another one than the allowed', named('files:read')),
      exampleWith({ alsoAllowed: '/' }, 'allowed, and too long', named(`files/${'a'.repeat(123)}`)),
    ],
    noMatch: [
      example('all that is allowed', named('Read_file-v1.2')),
      example('the longest name', named('a'.repeat(128))),
      exampleWith({ alsoAllowed: '/' }, 'a server in front', named('files/read')),
    ],
  },
})
