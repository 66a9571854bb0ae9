/** What time it is for the bank; injected, so that a test can move it. */
export abstract class Clock {
  /** Milliseconds since 1970. */
  abstract now(): number
}
