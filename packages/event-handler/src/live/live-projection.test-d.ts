import { Deposited, Withdrawn } from '../../test/bank-events.js'
import { foldLive, type LiveRead, liveProjection } from '../index.js'

const sum = liveProjection({
  name: 'sum',
  events: [Deposited, Withdrawn],
  initialState: () => ({ total: 0 }),
  evolve: {
    deposited: ({ total }, { amount }) => ({ total: total + amount }),
    withdrawn: ({ total }, { amount }, { position }) => ({ total: total - amount + position }),
  },
})

declare const read: LiveRead
const { state, position } = await foldLive(sum, read)
state.total.toFixed()
position.toFixed()

liveProjection({
  name: 'incomplete',
  events: [Deposited, Withdrawn],
  initialState: () => 0,
  // @ts-expect-error it does not say what a withdrawal changes
  evolve: { deposited: (total: number) => total },
})

liveProjection({
  name: 'another state',
  events: [Deposited],
  initialState: () => 0,
  // @ts-expect-error text is no number
  evolve: { deposited: (_total: number) => 'none' },
})
