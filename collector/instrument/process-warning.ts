/** What whoever runs a server reads on stderr when its audit is in trouble: a warning of the process, once for each message. */

const MAX_SAID = 100
const said = new Set<string>()

export function warnOnce(message: string): void {
  if (said.has(message) || said.size >= MAX_SAID) return
  said.add(message)
  process.emitWarning(message, { type: 'McpAuditWarning' })
}
