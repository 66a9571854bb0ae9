// #region imports
import { Aggregate, Apply, boundary, type Handling } from '@writ/aggregate'
import { module } from '@writ/application'
import { CommandHandler } from '@writ/command-router'
import { Command, DomainError, Event } from '@writ/event-store'
import { z } from 'zod'

const text = z.string()
// #endregion imports

// #region email
class UserRegistered extends Event('user-registered', z.object({ user: text, email: text }), {
  tags: ({ email }) => [`email:${email}`],
}) {}
/** Tagged with both addresses: it takes the one and frees the other. */
class EmailChanged extends Event('email-changed', z.object({ user: text, from: text, to: text }), {
  tags: ({ from, to }) => [`email:${from}`, `email:${to}`],
}) {}
export class RegisterUser extends Command('register-user', z.object({ user: text, email: text })) {}
export class ChangeEmail extends Command('change-email', z.object({ user: text, email: text })) {}

/** Whose an e-mail address is; nobody's where it is free. */
const ownerOfEmail = boundary({
  events: [UserRegistered, EmailChanged],
  matching: ({ email }: RegisterUser | ChangeEmail) => ({ tags: [`email:${email}`] }),
  initialState: ({ email }) => ({ email, owner: undefined as string | undefined }),
  evolve: {
    'user-registered': (state, { user }) => ({ ...state, owner: user }),
    'email-changed': (state, { user, to }) => ({ ...state, owner: to === state.email ? user : undefined }),
  },
})

@Aggregate({ category: 'user', identity: 'user' })
class User {
  email: string | undefined = undefined

  @Apply(UserRegistered)
  registered({ email }: UserRegistered) {
    this.email = email
  }

  @Apply(EmailChanged)
  changed({ to }: EmailChanged) {
    this.email = to
  }
}

@CommandHandler(RegisterUser, { aggregate: User, boundary: ownerOfEmail })
class RegisterUserHandler {
  handle(_user: User, { user, email }: RegisterUser, { state }: Handling<{ owner: string | undefined }>) {
    if (state.owner !== undefined) throw new DomainError('email-taken', `The address ${email} is taken.`, { email })
    return new UserRegistered({ user, email })
  }
}

@CommandHandler(ChangeEmail, { aggregate: User, boundary: ownerOfEmail })
class ChangeEmailHandler {
  handle({ email: from }: User, { user, email: to }: ChangeEmail, { state }: Handling<{ owner: string | undefined }>) {
    if (from === undefined) throw new DomainError('no-such-user', `There is no user ${user}.`, { user })
    if (from === to) return
    if (state.owner !== undefined) throw new DomainError('email-taken', `The address ${to} is taken.`, { email: to })
    return new EmailChanged({ user, from, to })
  }
}
// #endregion email

// #region tickets
class TicketOpened extends Event('ticket-opened', z.object({ ticket: text, user: text }), {
  tags: ({ user }) => [`user:${user}`],
}) {}
class TicketClosed extends Event('ticket-closed', z.object({ ticket: text, user: text }), {
  tags: ({ user }) => [`user:${user}`],
}) {}
export class OpenTicket extends Command('open-ticket', z.object({ ticket: text, user: text })) {}
export class CloseTicket extends Command('close-ticket', z.object({ ticket: text })) {}

export const MOST_OPEN_TICKETS = 3

const openTickets = boundary({
  events: [TicketOpened, TicketClosed],
  matching: ({ user }: OpenTicket) => ({ tags: [`user:${user}`] }),
  initialState: 0,
  evolve: { 'ticket-opened': (open) => open + 1, 'ticket-closed': (open) => open - 1 },
})

@Aggregate({ category: 'ticket', identity: 'ticket' })
class Ticket {
  openedBy: string | undefined = undefined

  @Apply(TicketOpened)
  opened({ user }: TicketOpened) {
    this.openedBy = user
  }

  @Apply(TicketClosed)
  closed(_event: TicketClosed) {
    this.openedBy = undefined
  }
}

@CommandHandler(OpenTicket, { aggregate: Ticket, boundary: openTickets })
class OpenTicketHandler {
  handle({ openedBy }: Ticket, { ticket, user }: OpenTicket, { state: open }: Handling<number>) {
    if (openedBy !== undefined) return
    if (open >= MOST_OPEN_TICKETS) throw new DomainError('too-many-tickets', `${user} has ${open} open tickets.`, { user, open })
    return new TicketOpened({ ticket, user })
  }
}

@CommandHandler(CloseTicket, { aggregate: Ticket })
class CloseTicketHandler {
  handle({ openedBy }: Ticket, { ticket }: CloseTicket) {
    return openedBy === undefined ? undefined : new TicketClosed({ ticket, user: openedBy })
  }
}
// #endregion tickets

// #region courses
class CourseOffered extends Event('course-offered', z.object({ course: text, seats: z.int() }), {
  tags: ({ course }) => [`course:${course}`],
}) {}
class StudentEnrolled extends Event('student-enrolled', z.object({ course: text, student: text }), {
  tags: ({ course, student }) => [`course:${course}`, `student:${student}`],
}) {}
export class OfferCourse extends Command('offer-course', z.object({ course: text, seats: z.int() })) {}
export class EnrolStudent extends Command('enrol-student', z.object({ course: text, student: text })) {}

export const MOST_COURSES = 2

/** Over two things at once: the seats of the course, and the courses of the student. */
const enrolment = boundary({
  events: [CourseOffered, StudentEnrolled],
  matching: ({ course, student }: EnrolStudent) => [{ tags: [`course:${course}`] }, { tags: [`student:${student}`] }],
  initialState: ({ course, student }) => ({ course, student, free: 0, courses: 0, isEnrolled: false as boolean }),
  evolve: {
    'course-offered': (state, { seats }) => ({ ...state, free: state.free + seats }),
    'student-enrolled': (state, { course, student }) => ({
      ...state,
      free: state.free - (course === state.course ? 1 : 0),
      courses: state.courses + (student === state.student ? 1 : 0),
      isEnrolled: state.isEnrolled || (course === state.course && student === state.student),
    }),
  },
})

@Aggregate({ category: 'course', identity: 'course' })
class Course {
  isOffered = false

  @Apply(CourseOffered)
  offered(_event: CourseOffered) {
    this.isOffered = true
  }
}

/** A stream of its own for each pair: nobody enrols behind anybody else. */
@Aggregate({ category: 'enrolment', identity: 'course' })
class Enrolment {
  @Apply(StudentEnrolled)
  enrolled(_event: StudentEnrolled) {}
}

@CommandHandler(OfferCourse, { aggregate: Course })
class OfferCourseHandler {
  handle({ isOffered }: Course, { course, seats }: OfferCourse) {
    return isOffered ? undefined : new CourseOffered({ course, seats })
  }
}

@CommandHandler(EnrolStudent, {
  aggregate: Enrolment,
  boundary: enrolment,
  identity: ({ course, student }) => `${course}/${student}`,
})
class EnrolStudentHandler {
  handle(
    _enrolment: Enrolment,
    { course, student }: EnrolStudent,
    { state: { free, courses, isEnrolled } }: Handling<{ free: number; courses: number; isEnrolled: boolean }>,
  ) {
    if (isEnrolled) return
    if (free < 1) throw new DomainError('course-full', `The course ${course} has no free seat.`, { course })
    if (courses >= MOST_COURSES) throw new DomainError('too-many-courses', `${student} has ${courses} courses.`, { student })
    return new StudentEnrolled({ course, student })
  }
}
// #endregion courses

export const rules = module({
  name: 'rules',
  aggregates: [User, Ticket, Course, Enrolment],
  commandHandlers: [
    RegisterUserHandler,
    ChangeEmailHandler,
    OpenTicketHandler,
    CloseTicketHandler,
    OfferCourseHandler,
    EnrolStudentHandler,
  ],
})
