/** `2026-11-21`, for what happened at any time of that day. */
export function utcDay(time: Date): string {
  return time.toISOString().slice(0, 10)
}
