/** A suppression: findings that somebody knows and answers for, until a day. */
import { z } from 'zod'

const day = z.iso.date().describe('Last day it holds, YYYY-MM-DD, by event time.')
export const suppression = z.strictObject({
  rule: z.string().min(1).describe('Rule id, or its beginning with * at the end.'),
  tenant: z.string().optional().describe('This tenant alone.'),
  server: z.string().optional().describe('This server alone.'),
  tool: z.string().optional().describe('This tool alone.'),
  principal: z.string().optional().describe('This principal alone, by key.'),
  client: z.string().optional().describe('This client alone.'),
  entity: z.string().optional().describe('This entity alone, as an alert names it.'),
  owner: z.string().min(1).describe('Who answers for it.'),
  reason: z.string().min(1).describe('Why.'),
  expires: day,
})
export type Suppression = z.infer<typeof suppression>
