import { Command, DomainError, Event, EventTypes } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { z } from 'zod'
import { executionOf } from '../../test/bank.js'
import { ControlledStore } from '../../test/controlled-store.js'
import { Aggregate, Aggregates, Apply, aggregate, aggregateOf, type CommandExecution, type Decide } from '../index.js'

class UserRegistered extends Event('user-registered', z.object({ user: z.string(), email: z.string() }), {
  tags: ({ email }) => [`email:${email}`],
}) {}
class RegisterUser extends Command('register-user', z.object({ user: z.string(), email: z.string() })) {}
class RenameUser extends Command('rename-user', z.object({ user: z.string() })) {}
class UserRenamed extends Event('user-renamed', z.object({ user: z.string() })) {}
class EmailTaken extends DomainError<'email-taken'> {
  constructor(email: string) {
    super('email-taken', 'Somebody has registered with this e-mail.', { email })
  }
}

@Aggregate({ category: 'user', identity: 'user' })
class User {
  isRegistered = false
  names = 0

  @Apply(UserRegistered)
  registered(_event: UserRegistered) {
    this.isRegistered = true
  }

  @Apply(UserRenamed)
  renamed(_event: UserRenamed) {
    this.names++
  }
}

const spellings = [
  { spelling: 'a decorated class', definition: aggregateOf(User) },
  {
    spelling: 'a value',
    definition: aggregate({
      category: 'user',
      identity: 'user',
      commands: [],
      events: [UserRegistered, UserRenamed],
      initialState: { isRegistered: false, names: 0 },
      decide: {},
      evolve: {
        'user-registered': (state) => ({ ...state, isRegistered: true }),
        'user-renamed': (state) => ({ ...state, names: state.names + 1 }),
      },
    }),
  },
]

const decide: Decide<unknown> = (_state, command, { boundary }) => {
  const { user, email } = command as RegisterUser
  if (boundary.length > 0) throw new EmailTaken(email)
  return new UserRegistered({ user, email })
}

describe.each(spellings)('a command with a boundary, to an aggregate that is $spelling', ({ definition }) => {
  async function office(log = new InMemoryLog()) {
    const store = new ControlledStore(inMemoryEventStore({ log }))
    await store.start()
    const aggregates = new Aggregates({ store, events: new EventTypes([UserRegistered, UserRenamed]) })
    const register = (user: string, email: string, options: Partial<CommandExecution> = {}) =>
      aggregates.execute(
        executionOf(definition, new RegisterUser({ user, email }), {
          boundary: { items: [{ tags: [`email:${email}`] }] },
          decide,
          ...options,
        }),
      )
    const rename = (user: string) =>
      aggregates.execute(executionOf(definition, new RenameUser({ user }), { decide: () => new UserRenamed({ user }) }))
    return { store, aggregates, register, rename, log }
  }

  it('sees the events of other streams that match, and stores on the condition that nothing newer does', async () => {
    const { register, store } = await office()
    expect(await register('ann', 'a@x.org')).toMatchObject({ stream: 'user-ann', version: 1 })
    await expect(register('bob', 'a@x.org')).rejects.toMatchObject({ code: 'email-taken' })
    expect(await register('bob', 'b@x.org')).toMatchObject({ stream: 'user-bob', version: 1 })
    const failIfMatch = { items: [{ tags: ['email:a@x.org'] }] }
    expect(store.appends.slice(0, 2)).toMatchObject([
      { expectedVersion: 0, condition: { failIfMatch, after: 0 } },
      { expectedVersion: 0, condition: { failIfMatch, after: 1 }, events: [] },
    ])
  })

  it('decides again when another stream got a matching event meanwhile: one of two wins', async () => {
    const here = await office()
    const there = await office(here.log)
    here.store.hold()
    const reply = here.register('ann', 'a@x.org')
    const append = await here.store.next()
    await there.register('bob', 'a@x.org')
    append.pass()
    here.store.release()
    await expect(reply).rejects.toMatchObject({ code: 'email-taken' })
  })

  it('lets one of fifty succeed when they come at once, from several processes', async () => {
    const here = await office()
    const offices = [here, await office(here.log), await office(here.log)]
    const settled = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) => offices[index % 3]!.register(`user ${index}`, 'same@x.org')),
    )
    expect(settled.filter(({ status }) => status === 'fulfilled').length).toBe(1)
    for (const outcome of settled) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'email-taken' })
    }
  })

  it('decides on confirmed state alone, and goes to the store by itself', async () => {
    const { register, rename, store } = await office()
    store.hold()
    const seen: unknown[] = []
    const replies = [
      rename('ann'),
      rename('ann'),
      register('ann', 'a@x.org', {
        decide(state, command, handling) {
          seen.push((state as { names: number }).names)
          return decide(state, command, handling)
        },
      }),
      rename('ann'),
    ]
    const renames = await store.next()
    expect(renames.append.events.length).toBe(2)
    expect(seen).toEqual([])
    renames.pass()
    const registration = await store.next()
    expect(seen).toEqual([2])
    expect(registration.append).toMatchObject({
      expectedVersion: 2,
      events: [{ type: 'user-registered' }],
      condition: { after: 0 },
    })
    registration.pass()
    const last = await store.next()
    expect(last.append).toMatchObject({ expectedVersion: 3, events: [{ type: 'user-renamed' }] })
    last.pass()
    expect(await Promise.all(replies)).toMatchObject([{ version: 1 }, { version: 2 }, { version: 3 }, { version: 4 }])
  })

  it('gives up after as many conflicts as it may have', async () => {
    const here = await office()
    const there = await office(here.log)
    let count = 0
    here.store.beforeAppend = async () =>
      void (await there.register(`other ${count++}`, 'a@x.org', { decide: (_s, c) => new UserRegistered(c as RegisterUser) }))
    await expect(
      here.register('ann', 'a@x.org', { retries: 2, decide: (_s, c) => new UserRegistered(c as RegisterUser) }),
    ).rejects.toMatchObject({ code: 'too-many-conflicts', conflicts: 3, cause: { code: 'append-condition-failed' } })
  })

  it('keeps a receipt like any other', async () => {
    const { register } = await office()
    const given = { commandId: 'once', receipt: { fingerprint: 'f' } }
    const first = await register('ann', 'a@x.org', given)
    expect(await register('ann', 'a@x.org', given)).toEqual({ ...first, repeated: true })
  })
})
