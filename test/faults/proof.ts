// After the row, the service ended: what it stored must still be proven, or the faults say which row is not.
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { launch } from './service.ts'

export async function proofFaults(dir: string): Promise<readonly string[]> {
  const child = launch('cli/main.ts', ['verify', '--data', dir])
  const ended = once(child, 'exit')
  const [said, noise] = await Promise.all([text(child.stdout!), text(child.stderr!)])
  const [code] = await ended
  return code === 0 ? [] : [`verify ends with ${code}: ${(said || noise).split('\n').slice(0, 3).join(' | ')}`]
}
