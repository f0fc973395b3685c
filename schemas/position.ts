/** Where an event stands in the log: the identity of a delivery, stored in every row. */

/**
 * Kafka: `log` is the topic’s own id (32 hex), `offset` the message, `index` the record within the message.
 * Embedded: `log` is the data folder’s id (32 hex), partition 0, `offset` the segment number, `index` the row within it.
 */
export interface Position {
  readonly log: string
  readonly partition: number
  readonly offset: number
  readonly index: number
}
export const positionText = (p: Position): string => `${p.log}/${p.partition}/${p.offset}/${p.index}`
