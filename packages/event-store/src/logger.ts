/** Where Writ reports what nobody waits for; pino has this shape. Facts never hold payloads. */
export interface Logger {
  debug(facts: object, message: string): void
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

const silent = () => {}

export const silentLogger: Logger = { debug: silent, info: silent, warn: silent, error: silent }
