import { z } from 'zod'
import { Event } from '../messages/event.js'
import { systemRuntime } from '../runtime.js'
import { whyNotJson } from './json-text.js'
import { newEvent, newEvents } from './new-event.js'

class Noted extends Event('noted', z.object({ text: z.string() })) {}
const append = (event: ReturnType<typeof newEvent>) => ({ stream: 'notes-1', events: [event] })

describe('newEvents', () => {
  it('gives each event an id of its own, and all of them the same metadata', () => {
    const [first, second] = newEvents([new Noted({ text: 'a' }), new Noted({ text: 'b' })], { actor: 'Ann' }, systemRuntime)
    expect([first?.data, second?.data]).toEqual(['{"text":"a"}', '{"text":"b"}'])
    expect([first?.metadata, second?.metadata]).toEqual(['{"actor":"Ann"}', '{"actor":"Ann"}'])
    expect(first!.id < second!.id).toBe(true)
  })

  it('makes events that nobody can change, so that their texts need not be looked at again', () => {
    const event = newEvent(new Noted({ text: 'a' }), systemRuntime.uuid())
    expect(Object.isFrozen(event)).toBe(true)
    expect(whyNotJson(append(event))).toBeUndefined()
  })

  it('does not vouch for what somebody has made of them', () => {
    const event = newEvent(new Noted({ text: 'a' }), systemRuntime.uuid())
    expect(whyNotJson(append({ ...event, data: '{' }))).toMatchObject({ code: 'invalid-append' })
    expect(whyNotJson(append({ ...event, metadata: '{' }))).toMatchObject({ code: 'invalid-append' })
  })
})
