/** Bodies of answers as objects: a service, or what stands before it, may answer anything. */

export type JsonObject = Readonly<Record<string, unknown>>

/** The value when it is an object and no list, else an empty one. */
export const recordOf = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}

export function objectOf(body: string): JsonObject {
  try {
    return recordOf(JSON.parse(body))
  } catch {
    return {}
  }
}
