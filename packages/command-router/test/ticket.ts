import { Aggregate, Apply, aggregate, aggregateOf, decided, Handle, type Handling } from '@writ/aggregate'
import { type Class, Command, DomainError, Event } from '@writ/event-store'
import { z } from 'zod'
import { CommandHandler, commandHandlerOf, type Route, route, routesOf } from '../src/index.js'

export class TicketOpened extends Event('ticket-opened', z.object({ ticket: z.string(), email: z.string() }), {
  tags: ({ email }) => [`email:${email}`],
}) {}
export class TicketClosed extends Event('ticket-closed', z.object({ ticket: z.string() })) {}

export class OpenTicket extends Command('open-ticket', z.object({ ticket: z.string(), email: z.string() }), {
  result: z.object({ number: z.int() }),
}) {}
export class CloseTicket extends Command('close-ticket', z.object({ ticket: z.string() })) {}
/** Nobody handles it. */
export class CloseTickets extends Command('close-tickets', z.object({ ticket: z.string() })) {}

class EmailTaken extends DomainError<'email-taken'> {
  constructor(email: string) {
    super('email-taken', `Somebody has opened a ticket as ${email} already.`, { email })
  }
}

@Aggregate({ category: 'ticket', identity: 'ticket' })
export class Ticket {
  isOpen = false

  @Handle(CloseTicket)
  close({ ticket }: CloseTicket) {
    return this.isOpen ? new TicketClosed({ ticket }) : undefined
  }

  @Apply(TicketOpened)
  opened(_event: TicketOpened) {
    this.isOpen = true
  }

  @Apply(TicketClosed)
  closed(_event: TicketClosed) {
    this.isOpen = false
  }
}

export const ticketOfClass = aggregateOf(Ticket)

export const ticketValue = aggregate({
  category: 'ticket',
  identity: 'ticket',
  commands: [CloseTicket],
  events: [TicketOpened, TicketClosed],
  initialState: { isOpen: false },
  decide: { 'close-ticket': ({ isOpen }, { ticket }) => (isOpen ? new TicketClosed({ ticket }) : undefined) },
  evolve: { 'ticket-opened': () => ({ isOpen: true }), 'ticket-closed': () => ({ isOpen: false }) },
})

/** One ticket an e-mail address: a rule across tickets. */
export function openTicket({ ticket, email }: OpenTicket, { boundary }: Handling) {
  if (boundary.length > 0) throw new EmailTaken(email)
  return decided(new TicketOpened({ ticket, email }), { number: ticket.length })
}

const boundary = ({ email }: OpenTicket) => ({ tags: [`email:${email}`] })

@CommandHandler(OpenTicket, { aggregate: Ticket, boundary })
export class OpenTicketHandler {
  async handle(_ticket: Ticket, command: OpenTicket, handling: Handling) {
    return openTicket(command, handling)
  }
}

/** Both spellings; one test runs over both. */
export const spellings: readonly {
  readonly spelling: string
  readonly routes: readonly Route[]
  readonly ticket: Class<Ticket> | typeof ticketValue
}[] = [
  {
    spelling: 'decorated classes',
    ticket: Ticket,
    routes: [...routesOf(ticketOfClass), commandHandlerOf(OpenTicketHandler, () => new OpenTicketHandler(), aggregateOf)],
  },
  {
    spelling: 'values',
    ticket: ticketValue,
    routes: [
      ...routesOf(ticketValue),
      route(OpenTicket, {
        aggregate: ticketValue,
        boundary,
        handle: (_state, command, handling) => openTicket(command, handling),
      }),
    ],
  },
]
