import { Aggregates, aggregateOf } from '@writ/aggregate'
import { EventTypes } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import {
  CloseTicket,
  OpenTicket,
  openTicket,
  Ticket,
  TicketClosed,
  TicketOpened,
  ticketOfClass,
  ticketValue,
} from '../test/ticket.js'
import { CommandHandler, CommandRouter, type CommandRouterOptions, commandHandlerOf, route, routesOf } from './index.js'

@CommandHandler(OpenTicket, { aggregate: Ticket })
class OpenTicketHandler {
  async handle(_ticket: Ticket, command: OpenTicket) {
    return openTicket(command)
  }
}

const spellings = [
  {
    spelling: 'decorated classes',
    routes: [...routesOf(ticketOfClass), commandHandlerOf(OpenTicketHandler, () => new OpenTicketHandler(), aggregateOf)],
  },
  {
    spelling: 'values',
    routes: [
      ...routesOf(ticketValue),
      route(OpenTicket, { aggregate: ticketValue, handle: (_state, command) => openTicket(command) }),
    ],
  },
]

async function routerOf(options: Omit<CommandRouterOptions, 'aggregates'>) {
  const store = inMemoryEventStore()
  await store.start()
  const aggregates = new Aggregates({ store, events: new EventTypes([TicketOpened, TicketClosed]) })
  return { store, aggregates, router: new CommandRouter({ aggregates, ...options }) }
}

describe.each(spellings)('a command router with routes that are $spelling', ({ routes }) => {
  it('hands a command to its handler and answers with version, position and declared result', async () => {
    const { router } = await routerOf({ routes })
    const reply = await router.dispatch(new OpenTicket({ ticket: 'four', email: 'ann@example.com' }))
    expect(reply).toEqual({
      commandId: expect.any(String),
      stream: 'ticket-four',
      version: 1,
      position: 1,
      result: { number: 4 },
    })
    expect(await router.dispatch(new CloseTicket({ ticket: 'four' }))).toMatchObject({
      version: 2,
      position: 2,
      result: undefined,
    })
  })
})
