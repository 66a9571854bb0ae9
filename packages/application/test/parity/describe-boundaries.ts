import { Aggregate, Apply, aggregate, boundary, type Handling } from '@writ/aggregate'
import { CommandHandler, route } from '@writ/command-router'
import { type AnyCommand, Command, DomainError, Event, type EventStore } from '@writ/event-store'
import { z } from 'zod'
import { Application, module } from '../../src/index.js'

const text = z.string()

// Users and their addresses, as values.

class Registered extends Event('user-registered', z.object({ user: text, email: text }), {
  tags: ({ email }) => [`email:${email}`],
}) {}
class EmailChanged extends Event('user-email-changed', z.object({ user: text, from: text, to: text }), {
  tags: ({ from, to }) => [`email:${from}`, `email:${to}`],
}) {}
class Register extends Command('register-user', z.object({ user: text, email: text })) {}
class ChangeEmail extends Command('change-user-email', z.object({ user: text, email: text })) {}

const holder = boundary({
  events: [Registered, EmailChanged],
  matching: ({ email }: Register | ChangeEmail) => ({ tags: [`email:${email}`] }),
  initialState: ({ email }): { email: string; owner: string | undefined } => ({ email, owner: undefined }),
  evolve: {
    'user-registered': (state, { user }) => ({ ...state, owner: user }),
    'user-email-changed': (state, { user, to }) => ({ ...state, owner: to === state.email ? user : undefined }),
  },
})
const firstUser: { readonly email: string | undefined } = { email: undefined }
const users = aggregate({
  category: 'user',
  identity: 'user',
  commands: [],
  events: [Registered, EmailChanged],
  initialState: firstUser,
  decide: {},
  evolve: { 'user-registered': (_state, { email }) => ({ email }), 'user-email-changed': (_state, { to }) => ({ email: to }) },
})
const refuseTaken = (email: string, owner: string | undefined) => {
  if (owner !== undefined) throw new DomainError('email-taken', `${email} is taken.`, { email })
}
const registerUser = route(Register, {
  aggregate: users,
  boundary: holder,
  handle(_state, { user, email }, { state: { owner } }) {
    refuseTaken(email, owner)
    return new Registered({ user, email })
  },
})
const changeEmail = route(ChangeEmail, {
  aggregate: users,
  boundary: holder,
  handle({ email: from = '' }, { user, email: to }, { state: { owner } }) {
    if (from === to) return
    refuseTaken(to, owner)
    return new EmailChanged({ user, from, to })
  },
})

// Tickets, as classes: at most three a user are open, however many tickets there are.

class TicketOpened extends Event('boundary-ticket-opened', z.object({ ticket: text, user: text }), {
  tags: ({ user }) => [`user:${user}`],
}) {}
class TicketClosed extends Event('boundary-ticket-closed', z.object({ ticket: text, user: text }), {
  tags: ({ user }) => [`user:${user}`],
}) {}
class OpenTicket extends Command('open-boundary-ticket', z.object({ ticket: text, user: text })) {}
class CloseTicket extends Command('close-boundary-ticket', z.object({ ticket: text, user: text })) {}
const MOST = 3

@Aggregate({ category: 'ticket', identity: 'ticket' })
class Ticket {
  isOpen = false

  @Apply(TicketOpened)
  opened(_event: TicketOpened) {
    this.isOpen = true
  }

  @Apply(TicketClosed)
  closed(_event: TicketClosed) {
    this.isOpen = false
  }
}

const openTickets = boundary({
  events: [TicketOpened, TicketClosed],
  matching: ({ user }: OpenTicket) => ({ tags: [`user:${user}`] }),
  initialState: 0,
  evolve: { 'boundary-ticket-opened': (open) => open + 1, 'boundary-ticket-closed': (open) => open - 1 },
})

@CommandHandler(OpenTicket, { aggregate: Ticket, boundary: openTickets })
class OpenTicketHandler {
  handle({ isOpen }: Ticket, { ticket, user }: OpenTicket, { state: open }: Handling<number>) {
    if (isOpen) return
    if (open >= MOST) throw new DomainError('too-many-tickets', `${user} has ${open}.`, { user, open })
    return new TicketOpened({ ticket, user })
  }
}

@CommandHandler(CloseTicket, { aggregate: Ticket })
class CloseTicketHandler {
  handle({ isOpen }: Ticket, command: CloseTicket) {
    return isOpen ? new TicketClosed(command) : undefined
  }
}

// Seats: over two entities at once, the course and the student; the query is a plain function, and the events come as they are.

class Enrolled extends Event('enrolled', z.object({ course: text, student: text }), {
  tags: ({ course, student }) => [`course:${course}`, `student:${student}`],
}) {}
class Enrol extends Command('enrol', z.object({ course: text, student: text, seats: z.int(), most: z.int() })) {}
const enrolments = aggregate({
  category: 'enrolment',
  identity: 'course',
  commands: [],
  events: [Enrolled],
  initialState: 0,
  decide: {},
  evolve: { enrolled: (state) => state + 1 },
})
const enrol = route(Enrol, {
  aggregate: enrolments,
  identity: ({ course, student }) => `${course}/${student}`,
  boundary: ({ course, student }) => ({ items: [{ tags: [`course:${course}`] }, { tags: [`student:${student}`] }] }),
  handle(_state, { course, student, seats, most }, { boundary }) {
    const enrolled = boundary.map(({ data }) => data as Enrolled)
    if (enrolled.filter((one) => one.course === course).length >= seats) throw new DomainError('course-full', 'It is full.')
    if (enrolled.filter((one) => one.student === student).length >= most) throw new DomainError('too-busy', 'No more courses.')
    return new Enrolled({ course, student })
  },
})

const boundaries = module({
  name: 'boundaries',
  aggregates: [users, Ticket, enrolments],
  commandHandlers: [registerUser, changeEmail, OpenTicketHandler, CloseTicketHandler, enrol],
})

/**
 * What boundaries are to be able to do, point by point.
 *
 * @param open gives another process on the same data each time
 * @param batches how many batches have carried the appends so far, where the store tells
 */
export function describeBoundaries(name: string, open: () => EventStore, batches?: () => Promise<number>): void {
  describe(`a boundary, on ${name},`, () => {
    const apps: Application[] = []
    let count = 0
    let own = ''
    beforeAll(async () => {
      for (const store of [open(), open()]) {
        const app = await Application.create({ store, modules: [boundaries] })
        apps.push(app)
        await app.start()
      }
    })
    afterAll(async () => {
      for (const app of apps) await app.stop()
    })
    beforeEach(() => {
      own = `${name}-${++count}`
    })

    /** So many at once, from two processes; how many were accepted, and the codes of the others. */
    const atOnce = async (many: number, command: (n: number) => AnyCommand, retries = 10_000) => {
      const settled = await Promise.allSettled(
        Array.from({ length: many }, (_, n) => apps[n % 2]!.dispatch(command(n), { retries })),
      )
      const codes = settled.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []))
      return { accepted: many - codes.length, codes: [...new Set(codes)] }
    }

    it('gives an e-mail address to one user alone', async () => {
      const register = (n: number) => new Register({ user: `${own} ${n}`, email: `${own}@example.com` })
      expect(await atOnce(16, register)).toEqual({ accepted: 1, codes: ['email-taken'] })
    })

    it('follows a change of an e-mail address: the old one is free, the new one is taken', async () => {
      const email = (local: string) => `${local}-${own}@example.com`
      const [app] = apps
      await app!.dispatch(new Register({ user: `ann ${own}`, email: email('ann') }))
      await app!.dispatch(new Register({ user: `bob ${own}`, email: email('bob') }))
      const taken = app!.dispatch(new ChangeEmail({ user: `bob ${own}`, email: email('ann') }))
      await expect(taken).rejects.toMatchObject({ code: 'email-taken', facts: { email: email('ann') } })
      await app!.dispatch(new ChangeEmail({ user: `ann ${own}`, email: email('anna') }))
      await app!.dispatch(new ChangeEmail({ user: `bob ${own}`, email: email('ann') }))
      await app!.dispatch(new Register({ user: `cem ${own}`, email: email('bob') }))
      const late = app!.dispatch(new Register({ user: `dee ${own}`, email: email('anna') }))
      await expect(late).rejects.toMatchObject({ code: 'email-taken' })
    })

    it('lets a user have three open tickets, and another when one is closed', async () => {
      const ticket = (n: number) => ({ ticket: `${own} ${n}`, user: own })
      expect(await atOnce(12, (n) => new OpenTicket(ticket(n)))).toEqual({ accepted: MOST, codes: ['too-many-tickets'] })
      for (let n = 0; n < 12; n++) await apps[0]!.dispatch(new CloseTicket(ticket(n)))
      expect(await atOnce(12, (n) => new OpenTicket(ticket(n + 12)))).toEqual({ accepted: MOST, codes: ['too-many-tickets'] })
    })

    it('is over two entities at once: the seats of a course, and the courses of a student', async () => {
      const rules = { seats: 4, most: 2 }
      const full = await atOnce(10, (n) => new Enrol({ course: `art ${own}`, student: `${own} ${n}`, ...rules }))
      expect(full).toEqual({ accepted: 4, codes: ['course-full'] })
      const busy = await atOnce(6, (n) => new Enrol({ course: `${n} ${own}`, student: `busy ${own}`, ...rules }))
      expect(busy).toEqual({ accepted: 2, codes: ['too-busy'] })
    })

    it('that 64 writers share is passed exactly as often as it allows', async () => {
      const rules = { seats: 20, most: 1 }
      const enrolled = await atOnce(64, (n) => new Enrol({ course: `one ${own}`, student: `${own} ${n}`, ...rules }))
      expect(enrolled).toEqual({ accepted: 20, codes: ['course-full'] })
    })

    it('holds up nobody who has nothing to do with it: 64 writers with boundaries of their own meet no conflict', async () => {
      const before = await batches?.()
      const opened = await atOnce(64, (n) => new OpenTicket({ ticket: `${own} ${n}`, user: `${own} ${n}` }), 0)
      expect(opened).toEqual({ accepted: 64, codes: [] })
      // They go to the store side by side, and share its batches.
      if (batches) expect((await batches()) - before!).toBeLessThan(48)
    })
  })
}
