/** Secrets are named in configuration, `env:NAME` or `file:PATH`, and read here; a value never stands in an error text. */
import { readFile } from 'node:fs/promises'
import { AuditdError } from '../schemas/errors.ts'

/** A mounted secret is a few hundred bytes; a path to something else is a mistake. */
const SECRET_BYTES = 64 * 1024

/** The value without the line break that editors leave at the end. Throws AuditdError('config_invalid') naming the reference. */
export async function resolveSecret(
  reference: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> {
  const bad = (reason: string) => new AuditdError('config_invalid', 'secrets', shown(reference), reason)
  const at = reference.indexOf(':')
  const name = reference.slice(at + 1)
  if (at < 0 || name === '') throw bad('must be env:NAME or file:PATH')
  switch (reference.slice(0, at)) {
    case 'env': {
      const value = env[name]?.replace(/\r?\n$/, '')
      if (value === undefined) throw bad('the environment variable is not set')
      if (value === '') throw bad('the environment variable is empty')
      return value
    }
    case 'file': {
      const value = (await readSecretFile(name, bad)).replace(/\r?\n$/, '')
      if (value === '') throw bad('the file is empty')
      return value
    }
    default:
      throw bad('must be env:NAME or file:PATH')
  }
}

async function readSecretFile(path: string, bad: (reason: string) => AuditdError): Promise<string> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    throw bad(`the file cannot be read (${(error as { code?: string }).code ?? 'unknown'})`)
  }
  if (bytes.length > SECRET_BYTES) throw bad(`the file is larger than ${SECRET_BYTES} bytes`)
  return bytes.toString('utf8')
}

/** Someone who wrote the secret itself where its name belongs must not find it in the log. */
const shown = (reference: string): string =>
  /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/.test(reference) ? reference : 'a secret'
