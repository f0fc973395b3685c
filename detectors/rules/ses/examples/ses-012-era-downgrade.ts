/** Clients that fall back to the older protocol: examples. */
import { days, hours } from '../../../rule.ts'
import { counted, example, exampleWith, graded, sample } from '../../../sample.ts'

const ide = { client: 'ide', clientName: 'Ide', sourceAddress: 'a1' } as const
type Call = NonNullable<Parameters<typeof sample<'tool.call'>>[1]>
const calls = (n: number, more: Call = {}) =>
  Array.from({ length: n }, () => sample('tool.call', { ...ide, era: 'modern', ...more }))
type Request = NonNullable<Parameters<typeof sample<'http.request'>>[1]>
const requests = (n: number, more: Request = {}) =>
  Array.from({ length: n }, () => sample('http.request', { ...ide, era: 'modern', ...more }))
type Hello = NonNullable<Parameters<typeof sample<'client.hello'>>[1]>
const hello = (more: Hello = {}) => sample('client.hello', { ...ide, era: 'legacy', ...more })
type Created = NonNullable<Parameters<typeof sample<'session.created'>>[1]>
const session = (more: Created = {}) => sample('session.created', { era: 'modern', ...more })
const releases = (ts: number, deployedClient = 'ide') => sample('deployment.event', { ts, deployedClient })
const tagged = (tag: string) =>
  sample('inventory.snapshot', { server: '*', inventoryKind: 'clients', tags: [`ide=${tag}`] })
const rolledBack = sample('deployment.event', { deployedServer: 'mcp.example.com', newBuildDigest: 'b0' })
const deployed = (deployedServer: string) => sample('deployment.event', { deployedServer, newBuildDigest: 'b0' })
const others = (n: number, deployedClient: string) =>
  Array.from({ length: n }, () => sample('deployment.event', { deployedServer: 'other.example', deployedClient }))
const nobody = { client: '', clientName: '', sourceAddress: '' }
const named = (n: number) => Array.from({ length: n }, (_, i) => calls(1, { clientName: `n${i}` })).flat()

export const match = [
  graded('medium', example('suddenly legacy, from a new address', ...calls(20), hello({ sourceAddress: 'a2' }))),
  graded('low', example('from where it always was', ...requests(20), hello())),
  example(
    'from where it was before',
    ...calls(10, { sourceAddress: 'a0' }),
    ...calls(10),
    hello({ sourceAddress: 'a0' }),
  ),
  example('whatever name, when none was told', ...calls(20, { clientName: '' }), ...calls(1), hello()),
  graded('low', example('it does not give its name', ...calls(20), hello({ clientName: '', sourceAddress: '' }))),
  graded('low', example('its addresses are not known', ...calls(20, { sourceAddress: '' }), hello())),
  example('its other name', ...calls(10, { clientName: 'Ide 2' }), ...calls(10), hello({ clientName: 'Ide 2' })),
  counted(
    2,
    example('each day anew', ...calls(20), ...[0, days(1) - 1, days(1)].map((ts) => hello({ ts: ts + 30_000 }))),
  ),
  graded('medium', example('a client that is to be modern only', tagged('modern-only'), hello())),
  exampleWith({ modernOnly: ['ide'] }, 'as configured', releases(0), hello({ ts: 1 })),
  example('another client was released', ...calls(20), releases(21_000, 'cli'), hello()),
  example('released too long ago', ...calls(20), releases(21_000), hello({ ts: 21_001 + hours(1) })),
  counted(
    2,
    example('a session for a modern request', ...[0, days(1) - 1, days(1)].map((ts) => session({ ts: ts + 1 }))),
  ),
  example('the oldest of eight names', ...named(9), ...calls(11), hello({ clientName: 'n2' })),
  example('sixteen later releases', ...calls(20), releases(21_000), ...others(16, 'cli'), hello()),
  example('another server was deployed', ...calls(20), deployed('other.example'), hello()),
]

export const noMatch = [
  example('nineteen', ...calls(19), hello(), ...calls(1), hello()),
  example('two programs, each with its own id', ...calls(20), hello({ client: 'old', sourceAddress: 'a2' })),
  example('two programs with one id', ...calls(20), hello({ clientName: 'Old' })),
  example('a ninth name is forgotten', ...named(9), ...calls(11), hello({ clientName: 'n1' })),
  example('the server was rolled back', ...calls(20), rolledBack, hello()),
  example('legacy from the beginning', hello(), ...calls(20), hello()),
  example('it says hello in the modern era', ...calls(20), hello({ era: 'modern' })),
  example('no name was ever told', ...calls(20, { clientName: '' }), hello()),
  example('it never was modern', ...calls(20, { era: 'legacy' }), ...requests(20, { era: 'legacy' }), hello()),
  example('a client that was released', ...calls(20), releases(21_000), hello({ ts: 21_000 + hours(1) })),
  example('everywhere', ...calls(20), sample('deployment.event', { server: '*', deployedClient: 'ide' }), hello()),
  example('nobody is known', ...calls(20, nobody), ...requests(1, nobody), hello({ client: '' })),
  example('a client with another tag', tagged('slow'), hello()),
  example('a session of the legacy era', session({ era: 'legacy' })),
  example('fifteen later releases', ...calls(20), releases(21_000), ...others(15, 'cli'), hello()),
  example('sixteen deployments elsewhere', ...calls(20), releases(21_000), ...others(16, ''), hello()),
  example('a deployment that names no server', ...calls(20), deployed(''), hello()),
]
