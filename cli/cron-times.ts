/** Times of a cron expression, UTC: whether one was missed, and when the next one is. */
import cron from 'node-cron'

const MINUTE_MS = 60_000
/** Looked so far ahead: a year and the 29th of February. */
const HORIZON_MINUTES = 4 * 366 * 24 * 60

export const isCron = (expression: string): boolean => cron.validate(expression)

/** First whole minute after `afterMs` at which it fires; undefined when that is not within four years. Seconds of six-field forms are not looked at. */
export function nextTime(expression: string, afterMs: number): number | undefined {
  const { minute, hour, dayOfMonth, month, dayOfWeek } = cron.parse(expression)
  const days = new Set(dayOfMonth.map(String))
  const weekdays = new Set(dayOfWeek.map((day) => String(Number(day) % 7)))
  const [months, hours, minutes] = [new Set(month), new Set(hour), new Set(minute)]
  const first = Math.floor(afterMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS
  const at = new Date(first)
  for (let left = HORIZON_MINUTES; left > 0; ) {
    const isDay =
      months.has(at.getUTCMonth() + 1) && days.has(String(at.getUTCDate())) && weekdays.has(String(at.getUTCDay()))
    if (isDay && hours.has(at.getUTCHours()) && minutes.has(at.getUTCMinutes())) return at.getTime()
    // Hours and days without a match are passed in one step.
    const step = !isDay ? minutesToMidnight(at) : hours.has(at.getUTCHours()) ? 1 : 60 - at.getUTCMinutes()
    at.setTime(at.getTime() + step * MINUTE_MS)
    left -= step
  }
  return undefined
}
const minutesToMidnight = (at: Date): number => 24 * 60 - at.getUTCHours() * 60 - at.getUTCMinutes()
