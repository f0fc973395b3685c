/** Facts from attributes of a span or log record, under whichever of their names; a used one of the wrong type is refused by name. */
import type { AnyValue, Attributes } from '../instrument/delivery/otlp-encode.ts'
import { WrongType } from '../observation.ts'
import { type Fact, SPELLINGS } from '../spellings.ts'

function found(
  attributes: Attributes,
  fact: Fact,
): { readonly value: AnyValue | undefined; readonly attribute: string } {
  const attribute = SPELLINGS[fact].find((name) => attributes[name] !== undefined && attributes[name] !== null)
  return { value: attribute === undefined ? undefined : attributes[attribute], attribute: attribute ?? '' }
}

export function text(attributes: Attributes, fact: Fact): string {
  const { value, attribute } = found(attributes, fact)
  return textOf(value, attribute)
}
export function number(attributes: Attributes, fact: Fact): number | undefined {
  const { value, attribute } = found(attributes, fact)
  if (value === undefined) return undefined
  if (typeof value !== 'number') throw new WrongType(attribute, 'a number')
  return value
}
export function numberOrText(attributes: Attributes, fact: Fact): string {
  const { value, attribute } = found(attributes, fact)
  return typeof value === 'number' ? String(value) : textOf(value, attribute)
}
export const isTrue = (attributes: Attributes, fact: Fact): boolean => found(attributes, fact).value === true

/** Under every name of these facts. */
export const texts = (attributes: Attributes, ...facts: readonly Fact[]): string[] =>
  facts.flatMap((fact) => SPELLINGS[fact].map((name) => textOf(attributes[name], name)))

/** '' when absent. */
export function textOf(value: AnyValue | undefined, attribute: string): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw new WrongType(attribute, 'text')
  return value
}
/** A text attribute by its own name. */
export const named = (attributes: Attributes, attribute: string): string => textOf(attributes[attribute], attribute)
