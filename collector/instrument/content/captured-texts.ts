/** The texts that a policy lets out: bounded, and never with a secret in them. */
import type { ArgumentLeaf, CapturedText } from '../../../schemas/events/calls.ts'
import { LIMITS } from '../../../schemas/field.ts'
import { leafPathOf } from '../../scan/labels.ts'
import { redactText } from '../../scan/redact.ts'
import { walkValue } from '../../scan/walk.ts'
import { recordedPath } from '../messages/handles.ts'
import { type Capture, type CapturePolicy, RESULT } from './capture-policy.ts'

/** Of one event; what lies beyond is left out, and the text ends with the marker. */
const MAX_CHARACTERS = 16_384
const MAX_TEXTS = 64
const CUT = '[cut]'
const BOUNDS = { nodes: 4_096, depth: 16 }
const NO_TOOLS: ReadonlySet<string> = new Set()

const takesOut = (capture: Capture) => (hit: { readonly class: string }) =>
  hit.class.startsWith('secret.') || (capture === 'redacted' && hit.class.startsWith('pii.'))

function lettable(text: string, path: string, surface: 'arguments' | 'result', capture: Capture, room: number): string {
  const subject = { surface, role: 'unknown', path, toolName: '', otherTools: NO_TOOLS } as const
  const { text: redacted } = redactText(text, subject, takesOut(capture))
  const fitting = Math.min(room, LIMITS.textChars)
  const cut = redacted.length > fitting ? redacted.slice(0, Math.max(0, fitting - CUT.length)) + CUT : redacted
  return cut.toWellFormed().replaceAll('\u0000', '\ufffd')
}

/** The leaves with their text where the policy says so, and without those that it drops. */
export function capturedArguments(
  policy: CapturePolicy,
  tool: string,
  value: unknown,
  leaves: readonly ArgumentLeaf[],
): readonly ArgumentLeaf[] {
  const texts = new Map<string, string[]>()
  let room = MAX_CHARACTERS
  const wants = new Map(leaves.map(({ path }) => [path, policy.of(tool, path)]))
  if ([...wants.values()].some((capture) => capture === 'redacted' || capture === 'value'))
    walkValue(value, 'args', BOUNDS, undefined, ({ text, path, found }) => {
      const at = recordedPath(leafPathOf(path))
      const capture = wants.get(at)
      if (found !== 'value' || room <= 0 || (capture !== 'redacted' && capture !== 'value')) return
      const kept = lettable(text, path, 'arguments', capture, room)
      room -= kept.length
      const known = texts.get(at)
      if (known === undefined) texts.set(at, [kept])
      else known.push(kept)
    })
  return leaves
    .filter(({ path }) => wants.get(path) !== 'drop')
    .map((leaf) => {
      // Long numbers are walked as texts too; only strings are captured in their order.
      const value = leaf.type === 'string' ? texts.get(leaf.path)?.shift() : undefined
      return value === undefined ? leaf : { ...leaf, value }
    })
}

export function capturedResult(policy: CapturePolicy, tool: string, result: unknown): CapturedText[] | undefined {
  const capture = policy.of(tool, RESULT)
  if (capture !== 'redacted' && capture !== 'value') return undefined
  const captured: CapturedText[] = []
  let room = MAX_CHARACTERS
  walkValue(result, '', BOUNDS, undefined, ({ text, path, found }) => {
    if (found !== 'value' || room <= 0 || captured.length >= MAX_TEXTS || /(^|\.)(type|mimeType)$/.test(path)) return
    const value = lettable(text, path, 'result', capture, room)
    room -= value.length
    captured.push({ path: recordedPath(path).toWellFormed(), value })
  })
  return captured
}
