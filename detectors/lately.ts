/** Whether something happened on a server a short while ago: elsewhere most rules have nothing to look for. */
import { NEVER } from './rule.ts'

export type Lately = { lastMs: number }
export const never = (): Lately => ({ lastMs: NEVER })
export function noteLately(happened: boolean, ts: number, lately: Lately): void {
  if (happened) lately.lastMs = ts
}
export const isLately = (ts: number, { lastMs }: Lately, withinMs: number): boolean => ts - lastMs <= withinMs
