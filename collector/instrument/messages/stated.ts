/** Numbers that a server or client states, as far as an event may carry them. */
import { LIMITS } from '../../../schemas/field.ts'

/** A time in ms, from 0. */
export const statedMs = (value: unknown): number | undefined =>
  typeof value === 'number' && value >= 0 && value <= LIMITS.integer ? value : undefined

/** A whole number from 0. */
export const statedCount = (value: unknown): number | undefined =>
  Number.isInteger(value) ? statedMs(value) : undefined
