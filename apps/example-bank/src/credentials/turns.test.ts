import { Turns } from './turns.js'

describe('turns', () => {
  it('let so many work at a time, and the others in their order', async () => {
    const turns = new Turns(2, 10)
    const begun: number[] = []
    const ends: (() => void)[] = []
    const works = [1, 2, 3, 4].map((number) =>
      turns.take(async () => {
        begun.push(number)
        await new Promise<void>((resolve) => ends.push(resolve))
        return number
      }),
    )
    await Promise.resolve()
    expect(begun).toEqual([1, 2])
    ends[1]!()
    expect(await works[1]).toBe(2)
    ends[0]!()
    await works[0]
    expect(begun).toEqual([1, 2, 3, 4])
    for (const end of ends) end()
    expect(await Promise.all(works)).toEqual([1, 2, 3, 4])
  })

  it('refuse whom there is no room for, and go on when somebody fails', async () => {
    const turns = new Turns(1, 1)
    let fail: (error: Error) => void = () => {}
    const first = turns.take(() => new Promise((_, reject) => (fail = reject)))
    const second = turns.take(async () => 'done')
    await expect(turns.take(async () => 'never')).rejects.toMatchObject({ code: 'too-many-passwords', waiting: 1 })
    fail(new Error('broken'))
    await expect(first).rejects.toThrow('broken')
    expect(await second).toBe('done')
    expect(await turns.take(async () => 'again')).toBe('again')
  })
})
