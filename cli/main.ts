#!/usr/bin/env node
/** mcp-auditd: the command line. Every file of commands/ is a command; nothing is registered here. */
/** `wrap` hands its streams and its environment to a server: nothing here touches them. */
const isWrap = process.argv[2] === 'wrap'
// libuv reads this once, before its first thread: chDB needs more than four, or a slow query starves the writer.
if (!isWrap) process.env['UV_THREADPOOL_SIZE'] ??= '16'

const [{ readdirSync }, { Command, CommanderError }, { AuditdError }] = await Promise.all([
  import('node:fs'),
  import('commander'),
  import('../schemas/errors.ts'),
])

/** A command that failed may finish writing for so long. */
const FAILED_GRACE_MS = 2_000
/** Exit codes: 0 done, 1 the check failed, 2 usage or refused SQL, 78 configuration. */
const EXIT = { failed: 1, usage: 2, configuration: 78 }

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('mcp-auditd')
    .description('The audit daemon for the Model Context Protocol.')
    .exitOverride()
    .showHelpAfterError()
  const folder = new URL('./commands/', import.meta.url)
  const files = readdirSync(folder)
    .filter((name) => /^[a-z-]+\.(ts|js)$/.test(name))
    .sort()
  const nameOf = (file: string): string => file.replace(/\.(ts|js)$/, '')
  // Loading one command instead of all makes `query` answer in half the time.
  const asked = files.filter((file) => nameOf(file) === argv[2])
  for (const file of asked.length > 0 ? asked : files) {
    const { default: configure } = (await import(new URL(file, folder).href)) as {
      default: (command: InstanceType<typeof Command>) => void
    }
    configure(program.command(nameOf(file)).exitOverride())
  }
  await program.parseAsync(argv as string[])
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage
  if (error instanceof AuditdError)
    return error.kind === 'usage' ? EXIT.usage : error.kind === 'config' ? EXIT.configuration : EXIT.failed
  return EXIT.failed
}

// A reader that went away (`| head`) is not an error of ours.
if (!isWrap)
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : EXIT.failed))
try {
  await main(process.argv)
} catch (error) {
  if (!(error instanceof CommanderError))
    process.stderr.write(
      `${error instanceof AuditdError ? error.message : ((error as Error)?.stack ?? String(error))}\n`,
    )
  process.exitCode = exitCodeOf(error)
  // Something half open, such as a socket to a broker, must not keep a failed command alive.
  setTimeout(() => process.exit(), FAILED_GRACE_MS).unref()
}
