/** What the specification has: methods that a client may ask any server for, and versions it may offer. */

/** All eras, extensions for tasks included. A server need not have them: asking is no probe. */
const METHODS: ReadonlySet<string> = new Set([
  ...['initialize', 'ping', 'server/discover', 'logging/setLevel', 'completion/complete'],
  ...['tools/list', 'tools/call', 'prompts/list', 'prompts/get'],
  ...['resources/list', 'resources/read', 'resources/templates/list', 'resources/subscribe', 'resources/unsubscribe'],
  ...['subscriptions/listen', 'tasks/get', 'tasks/list', 'tasks/result', 'tasks/cancel', 'tasks/update'],
  ...['roots/list', 'sampling/createMessage', 'elicitation/create'],
])
export const isSpecified = (method: string): boolean => METHODS.has(method)

/** Released revisions are dates; newer ones than these are not known to be wrong. */
const OLDEST = '2024-11-05'
const REVISION = /^20\d\d-(0[1-9]|1[0-2])-([0-2]\d|3[01])$/
export const isVersion = (version: string): boolean => REVISION.test(version) && version >= OLDEST
