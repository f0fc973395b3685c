// Takes protections away, one at a time: the suite is only worth something when a row turns red without each of them.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Sabotage } from '../../connectors/failpoint.ts'
import type { Row } from './row.ts'

/** Seeds tried until one shows it: chance decides whether a kill meets the gap. */
const SEEDS = 3
/** What a row prints when the harness itself failed, which proves nothing about the protection. */
const NOT_A_VERDICT = /Cannot find module|SyntaxError|ReferenceError/

export async function runSabotages(
  names: readonly Sabotage[],
  rows: readonly Row[],
  print: (line: string) => void,
): Promise<number> {
  let red = 0
  for (const name of names) {
    const row = rows.find(({ sabotages }) => sabotages?.includes(name))
    const shown = row === undefined ? undefined : await turnsRed(name, row)
    if (shown !== undefined) red += 1
    const where = row === undefined ? 'no row guards it' : `row ${row.number} ${row.title}`
    print(
      `${shown === undefined ? 'FAILED ' : 'ok     '} without ${name}: ${where} ${shown === undefined ? 'stays green' : `turns red: ${shown}`}`,
    )
  }
  print(`${red} passed, ${names.length - red} failed, 0 skipped`)
  return red === names.length ? 0 : 1
}

/** The first fault it shows. The same row with the same seed must be green otherwise, or its red says nothing. */
async function turnsRed(name: Sabotage, row: Row): Promise<string | undefined> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const args = ['--row', String(row.number), '--seed', String(seed), '--bus', row.buses[0]!]
    const { code, text } = await suite(args, name)
    if (code === 0) continue
    const fault = /^FAILED .*\n\s+(.*)$/m.exec(text)?.[1]
    if (code !== 1 || fault === undefined || NOT_A_VERDICT.test(text)) return undefined
    const whole = await suite(args, '')
    return whole.code === 0 ? `${fault} (seed ${seed}; green with it)` : undefined
  }
  return undefined
}

function suite(
  args: readonly string[],
  sabotage: string,
): Promise<{ readonly code: number | null; readonly text: string }> {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, MCP_AUDITD_SABOTAGE: sabotage },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += String(chunk)
  })
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('close', (code) => done({ code, text }))
  })
}
