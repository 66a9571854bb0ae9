import { WritError } from '@writ/event-store'

/** A state was asked of events that don't tell it: decisions change it, in its row. */
export class StateNotToldError extends WritError<'state-not-told'> {
  constructor(
    readonly aggregate: string,
    readonly stream: string,
    /** What was asked for. */
    readonly what: string,
  ) {
    super(
      'state-not-told',
      `${what} of '${stream}' can't be told: ${aggregate} keeps its state in a row that its decisions change, and no event tells it. ` +
        'Give each event a function that changes the state (@Apply, or `evolve`), and past and branches can be looked at.',
    )
  }
}
