import { Application } from '@writ/application'
import type { EventStore } from '@writ/event-store'
import {
  ChangeEmail,
  CloseTicket,
  EnrolStudent,
  MOST_COURSES,
  MOST_OPEN_TICKETS,
  OfferCourse,
  OpenTicket,
  RegisterUser,
  rules,
} from './rules-across-aggregates.js'

/** The same rules on any store; `open` gives another process on the same data each time. */
export function describeRules(store: string, open: () => EventStore): void {
  describe(`rules across aggregates, on ${store},`, () => {
    let apps: Application[]
    beforeAll(async () => {
      apps = await Promise.all([open(), open()].map((store) => Application.create({ store, modules: [rules] })))
      for (const app of apps) await app.start()
    })
    afterAll(async () => {
      for (const app of apps) await app.stop()
    })

    /** So many at once, from two processes; the codes of those that were refused. */
    const atOnce = async (count: number, command: (n: number) => Parameters<Application['dispatch']>[0]) => {
      const settled = await Promise.allSettled(
        Array.from({ length: count }, (_, n) => apps[n % 2]!.dispatch(command(n), { retries: 1_000 })),
      )
      return settled.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []))
    }

    it('give an e-mail address to one of twenty who want it at once', async () => {
      const refused = await atOnce(20, (n) => new RegisterUser({ user: `user ${n}`, email: 'one@example.com' }))
      expect(refused).toEqual(Array.from({ length: 19 }, () => 'email-taken'))
    })

    it('free the old address when it is changed, and refuse one that is taken', async () => {
      const [app] = apps
      await app!.dispatch(new RegisterUser({ user: 'ann', email: 'ann@example.com' }))
      await app!.dispatch(new RegisterUser({ user: 'bob', email: 'bob@example.com' }))
      await expect(app!.dispatch(new ChangeEmail({ user: 'bob', email: 'ann@example.com' }))).rejects.toMatchObject({
        code: 'email-taken',
      })
      await app!.dispatch(new ChangeEmail({ user: 'ann', email: 'ann@example.org' }))
      await app!.dispatch(new ChangeEmail({ user: 'bob', email: 'ann@example.com' }))
      await app!.dispatch(new RegisterUser({ user: 'cem', email: 'bob@example.com' }))
      const refused = await atOnce(10, (n) => new ChangeEmail({ user: n % 2 === 0 ? 'ann' : 'cem', email: 'new@example.com' }))
      // The winner's repetitions change nothing, and are accepted.
      expect(refused).toEqual(Array.from({ length: 5 }, () => 'email-taken'))
    })

    it(`let a user have ${MOST_OPEN_TICKETS} open tickets, however many are opened at once, and another one when one is closed`, async () => {
      const open = (n: number) => new OpenTicket({ ticket: `ticket ${n}`, user: 'ann' })
      const refused = await atOnce(12, open)
      expect(refused).toEqual(Array.from({ length: 12 - MOST_OPEN_TICKETS }, () => 'too-many-tickets'))
      await Promise.all(Array.from({ length: 12 }, (_, n) => apps[0]!.dispatch(new CloseTicket({ ticket: `ticket ${n}` }))))
      await expect(apps[1]!.dispatch(open(20))).resolves.toMatchObject({ version: 1 })
    })

    it('fill a course to its last seat and let nobody have too many courses, both at once', async () => {
      for (const course of ['art', 'biology', 'chemistry']) await apps[0]!.dispatch(new OfferCourse({ course, seats: 4 }))
      const refused = await atOnce(10, (n) => new EnrolStudent({ course: 'art', student: `student ${n}` }))
      expect(refused).toEqual(Array.from({ length: 6 }, () => 'course-full'))
      const courses = ['biology', 'chemistry', 'art']
      const others = await atOnce(3, (n) => new EnrolStudent({ course: courses[n]!, student: 'student x' }))
      expect(others).toEqual(['course-full'])
      await apps[0]!.dispatch(new OfferCourse({ course: 'drama', seats: 9 }))
      await expect(apps[1]!.dispatch(new EnrolStudent({ course: 'drama', student: 'student x' }))).rejects.toMatchObject({
        code: MOST_COURSES === 2 ? 'too-many-courses' : 'never',
      })
    })

    it('do not keep those waiting who have nothing to do with one another: 64 writers never meet a conflict', async () => {
      const settled = await Promise.all(
        Array.from({ length: 64 }, (_, n) =>
          apps[n % 2]!.dispatch(new OpenTicket({ ticket: `own ${n}`, user: `user ${n}` }), { retries: 0 }),
        ),
      )
      expect(new Set(settled.map(({ position }) => position)).size).toBe(64)
    })
  })
}
