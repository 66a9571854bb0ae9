/**
 * A named place in the code at which a test can let the process die or stop: `WRIT_FAILPOINTS="pm.afterDispatch:3=SIGKILL"` sends that
 * signal when the place is passed for the third time. Several are joined by commas; without `:3` it is the first time.
 *
 * It costs one check for `undefined` when the variable is not set.
 */
export function failpoint(name: string): void {
  if (points !== undefined) pass(points, name)
}

interface Point {
  remaining: number
  readonly signal: NodeJS.Signals
}

const points = readPoints(process.env.WRIT_FAILPOINTS)

function readPoints(text: string | undefined): Map<string, Point> | undefined {
  if (!text) return undefined
  return new Map(
    text.split(',').map((point) => {
      const [, name, times = '1', signal] = /^([\w.-]+)(?::([1-9]\d*))?=(SIG[A-Z]+)$/.exec(point.trim()) ?? []
      if (name === undefined) throw new Error(`WRIT_FAILPOINTS has '${point}', which is not of the form name:times=SIGNAL.`)
      return [name, { remaining: Number(times), signal: signal as NodeJS.Signals }]
    }),
  )
}

function pass(all: Map<string, Point>, name: string): void {
  const point = all.get(name)
  if (!point || --point.remaining !== 0) return
  process.kill(process.pid, point.signal)
}
