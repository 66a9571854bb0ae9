import type { AnyCommand } from '@writ/event-store'
import { difference, isSameList, printed } from '../difference.js'
import { Expectations, type Expected } from './expectations.js'
import { describedError } from './outcome.js'
import type { ProcessOutcome } from './process-scenario.js'

type Handled = Extract<ProcessOutcome, { kind: 'handled' }>

/** What is expected to follow. Each expectation is awaited; several can be chained, and the process runs once. */
export class ThenProcess extends Expectations<ProcessOutcome> {
  /** It sends these commands: all of them, in this order. */
  thenCommands(expected: readonly AnyCommand[]): Expected<this> {
    return this.expect((outcome, fail) => {
      const { commands } = handled(outcome, fail)
      if (!isSameList(commands, expected)) fail(`Other commands were sent:\n\n${difference(expected, commands)}`)
    })
  }

  /** It sends no command. */
  thenNothing(): Expected<this> {
    return this.expect((outcome, fail) => {
      const { commands } = handled(outcome, fail)
      if (commands.length > 0) fail(`No command was to be sent. These were: ${printed(commands)}`)
    })
  }

  /** It is over: further events are not its own. */
  thenEnded(): Expected<this> {
    return this.expect((outcome, fail) => {
      if (!handled(outcome, fail).hasEnded) fail('The process was to end, and still goes on.')
    })
  }
}

function handled(outcome: ProcessOutcome, fail: (why: string) => never): Handled {
  if (outcome.kind === 'failed') return fail(`The process failed: ${describedError(outcome.error)}`)
  const [unused] = outcome.unused
  if (!unused) return outcome
  const sent = [...outcome.sentBefore, ...outcome.commands]
  return fail(`The rejected command was never sent: ${printed(unused.command)}. Sent were ${printed(sent)}.`)
}
