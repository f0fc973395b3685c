/** Lists of a cell that are bounded: the newest entries stay. */

/** Lists that run side by side are cut alike. */
export function keepNewest(max: number, ...lists: readonly unknown[][]): void {
  for (const list of lists) list.splice(0, list.length - max)
}
