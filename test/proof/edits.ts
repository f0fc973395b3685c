// Edits that somebody with write access to the store may make.
import type { EditKind } from './edit.ts'
import {
  changeContent,
  changeKey,
  changeManifest,
  changeTombstone,
  doubleManifest,
  forgeTombstone,
  removeManifest,
  removeTombstone,
  resignChain,
  swapManifests,
  widenTombstone,
} from './proof-edits.ts'
import {
  brokenText,
  changeColumn,
  insertBehind,
  insertRow,
  insertStranger,
  insertTwin,
  removeRow,
  removeSome,
  restoreErased,
  swapEvents,
  swapPlaces,
  truncate,
  truncateRows,
} from './row-edits.ts'

/** By weight: rows are what most edits are about. */
export const EDIT_KINDS: readonly (readonly [weight: number, kind: EditKind])[] = [
  ...([
    [30, changeColumn],
    [2, brokenText],
    [10, removeRow],
    [4, removeSome],
    [6, swapPlaces],
    [3, swapEvents],
  ] as const),
  ...([
    [5, insertRow],
    [3, insertBehind],
    [2, insertStranger],
    [4, insertTwin],
    [2, restoreErased],
  ] as const),
  ...([
    [4, truncate],
    [4, truncateRows],
    [8, changeManifest],
    [5, changeContent],
    [4, removeManifest],
  ] as const),
  ...([
    [2, swapManifests],
    [2, doubleManifest],
    [2, resignChain],
    [1, changeKey],
    [5, changeTombstone],
  ] as const),
  ...([
    [2, widenTombstone],
    [2, forgeTombstone],
    [3, removeTombstone],
  ] as const),
]
