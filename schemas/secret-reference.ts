/** A secret is named, not written: a variable, a file, or a program that prints it. No shell is started. */
import { z } from 'zod'

const FORMS = 'must be env:NAME, file:PATH, cmd:PROGRAM ARGUMENTS or a command'
export const secret = z.union(
  [
    z.string().regex(/^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|cmd:\s*\S.*)$/, FORMS),
    z.strictObject({ command: z.array(z.string()).min(1).describe('Program and arguments, as they are.') }),
  ],
  FORMS,
)
export type SecretReference = z.infer<typeof secret>
