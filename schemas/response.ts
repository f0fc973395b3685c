/** Responses: what another system may be asked to do about an alert, once a person has confirmed it. Nothing is ever asked without. */
import { z } from 'zod'
import { SEVERITIES } from './finding.ts'
import { secret } from './secret-reference.ts'

export const RESPONSE_ACTIONS = ['disable_client', 'revoke_token', 'disable_principal', 'quarantine_server'] as const
export type ResponseAction = (typeof RESPONSE_ACTIONS)[number]

export const responseConfig = z.strictObject({
  url: z.url().describe('Where a confirmed response is posted to.'),
  secret: secret.describe('Standard Webhooks signing secret, whsec_…'),
  actions: z.array(z.enum(RESPONSE_ACTIONS)).min(1).describe('What that system can do.'),
  rules: z
    .array(z.string().min(1).max(128))
    .default([])
    .describe('Rules whose alerts it is proposed for, or their beginnings with * at the end; empty: all.'),
  minimumSeverity: z.enum(SEVERITIES).default('high').describe('It is not proposed for alerts below it.'),
  expiresMs: z
    .int()
    .min(60_000)
    .max(30 * 86_400_000)
    .default(86_400_000)
    .describe('How long after the last event of its alert it can be confirmed, milliseconds.'),
})
export type ResponseConfig = z.infer<typeof responseConfig>
export type Responses = Readonly<Record<string, ResponseConfig>>

/** Findings of these rules are decisions of people about a response; the rest is its name. */
export const CONFIRMED_RULE = 'auditd-response-'
export const REJECTED_RULE = 'auditd-rejected-'
