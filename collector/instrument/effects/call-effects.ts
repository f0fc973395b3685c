/** The side effects of one call: each kind once, with a count, told at the latest when the call is answered. */

import { type Instant, instantNow } from '../clock.ts'
import { type CallInFlight, callInFlight } from '../messages/call-in-flight.ts'
import { callFields } from '../messages/request.ts'

export interface Effect {
  readonly effectKind: 'exec' | 'file_write' | 'file_delete'
  readonly effectClass: string
  readonly programName?: string | undefined
  readonly shell?: boolean | undefined
  /** Path or command line: looked at for the call's arguments and hashed; not recorded. */
  readonly target: string
}
interface Counted {
  readonly fields: Readonly<Record<string, unknown>>
  readonly time: Instant
  /** It happened after the answer had gone out. */
  readonly isLate: boolean
  hits: number
}

/** Different effects of one call that are told apart; further ones count on the last. */
const MAX_EFFECTS = 64
/** Texts of the arguments that are looked for in targets, and from which length on: shorter ones are found by accident. */
const MAX_LEAVES = 64
const MIN_LEAF_CHARACTERS = 4

const byRequest = new WeakMap<object, Map<string, Counted>>()
const leavesOf = new WeakMap<object, readonly string[]>()

/** Tells nothing outside a call, and nothing where its server did not ask for it. */
export function effect(found: Effect): void {
  const call = callInFlight()
  if (call === undefined || !wants(call, found)) return
  const { request, context } = call
  context.guard(() => {
    const targetHash = context.hashes.arguments.hash(found.target)
    const { effectKind, effectClass, programName, shell } = found
    const key = `${effectKind} ${targetHash}`
    let counted = byRequest.get(request)
    if (counted === undefined) {
      counted = new Map()
      byRequest.set(request, counted)
      const effects = counted
      const before = request.whenAnswered
      request.whenAnswered = () => {
        before?.()
        tellAll(call, effects)
      }
    }
    const known = counted.get(key) ?? (counted.size >= MAX_EFFECTS ? [...counted.values()].at(-1) : undefined)
    if (known !== undefined) {
      known.hits++
      return
    }
    const argumentMatch = textsOf(request.params.arguments).some((leaf) => found.target.includes(leaf))
    const fields = { effectKind, effectClass, programName, shell, argumentMatch, targetHash }
    counted.set(key, { fields, time: instantNow(), isLate: request.isAnswered, hits: 1 })
    // Left running behind the answer: nobody will ask again.
    if (request.isAnswered) tellAll(call, counted)
  })
}

function wants({ context }: CallInFlight, { effectKind }: Effect): boolean {
  const { sideEffects } = context.options
  if (typeof sideEffects !== 'object') return sideEffects === true
  return (effectKind === 'exec' ? sideEffects.programs : sideEffects.files) ?? true
}

function tellAll({ request, context }: CallInFlight, counted: Map<string, Counted>): void {
  for (const { fields, time, hits, isLate } of counted.values())
    context.emit(
      {
        eventType: 'side_effect' as const,
        ...callFields(request),
        ...fields,
        hits,
        flags: isLate ? ['after_answer'] : undefined,
      },
      time,
      request.common,
    )
  counted.clear()
}

/** The texts of the arguments, to any depth that validation lets through. */
export function textsOf(value: unknown): readonly string[] {
  if (value === null || typeof value !== 'object') return []
  let found = leavesOf.get(value)
  if (found === undefined) {
    const texts: string[] = []
    const visit = (each: unknown, depth: number): void => {
      if (texts.length >= MAX_LEAVES || depth > 8) return
      if (typeof each === 'string') {
        if (each.length >= MIN_LEAF_CHARACTERS) texts.push(each)
      } else if (each !== null && typeof each === 'object')
        for (const inner of Object.values(each)) visit(inner, depth + 1)
    }
    visit(value, 0)
    found = texts
    leavesOf.set(value, found)
  }
  return found
}
