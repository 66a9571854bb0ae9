import pg from 'pg'

/**
 * Counts the statements that this process sends, whoever sends them: each is a round trip, BEGIN and COMMIT too.
 *
 * @returns how many there were so far
 */
export function countStatements(): () => number {
  let statements = 0
  pg.Client.prototype.query = new Proxy(pg.Client.prototype.query, {
    apply(query, client, args) {
      statements++
      return Reflect.apply(query, client, args)
    },
  })
  return () => statements
}
