/** `doctor`: what is wrong with this set-up, and how to mend it. */
import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { loadConfig } from '../configuration.ts'
import type { Check, CheckContext, Verdict } from '../doctor/check.ts'

export default function configure(command: Command): void {
  command
    .description('check this set-up and say how to mend it; exit 1 when something must be mended')
    .option('--data <dir>', 'data folder', './data')
    .option('--config <file>', 'YAML configuration')
    .option('--json', 'NDJSON')
    .action(async ({ data, config, json }: { data: string; config?: string; json?: boolean }) => {
      const context = { settings: loadConfig(process.env, {}, config), dataDir: resolve(data) }
      let failed = 0
      for (const check of await loadChecks()) {
        const verdict = await run(check, context)
        if (!verdict.ok && verdict.optional !== true) failed++
        process.stdout.write(json ? `${JSON.stringify({ name: check.name, ...verdict })}\n` : text(check.name, verdict))
      }
      process.exitCode = failed === 0 ? 0 : 1
    })
}

async function loadChecks(): Promise<readonly Check[]> {
  const folder = new URL('../doctor/', import.meta.url)
  const files = readdirSync(folder)
    .filter((name) => /^[a-z-]+\.(ts|js)$/.test(name) && !name.startsWith('check.'))
    .sort()
  return Promise.all(
    files.map(async (file) => ((await import(new URL(file, folder).href)) as { default: Check }).default),
  )
}

async function run(check: Check, context: CheckContext): Promise<Verdict> {
  try {
    return await check.run(context)
  } catch (error) {
    return { ok: false, saw: error instanceof Error ? error.message : String(error), mend: 'see the message' }
  }
}

function text(name: string, verdict: Verdict): string {
  const mark = verdict.ok ? 'ok  ' : verdict.optional === true ? 'note' : 'FAIL'
  return `${mark}  ${name.padEnd(14)} ${verdict.saw}\n${verdict.ok || verdict.mend === undefined ? '' : `      to mend: ${verdict.mend}\n`}`
}
