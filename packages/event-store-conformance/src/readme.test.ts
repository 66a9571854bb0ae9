import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { scenariosOf } from './area.js'
import { areas } from './areas.js'

const readme = readFileSync(join(__dirname, '../README.md'), 'utf8')
const scenarios = Object.values(areas).flatMap(scenariosOf)

describe('The README', () => {
  it('has a row for each area, in the order in which they run', () => {
    const rows = [...readme.matchAll(/^\| (?!area )([^|]+?) \| .+ \|$/gm)].map(([, title]) => title)
    expect(rows).toEqual([...Object.keys(areas), 'what it lacks'])
  })

  it('promises no more scenarios than there are', () => {
    const [, told] = readme.match(/more than\s+(\d+) scenarios/) ?? []
    expect(Number(told)).toBeLessThan(scenarios.length)
  })
})

describe('The scenarios', () => {
  it('can be told apart by area and sentence', () => {
    const sentences = Object.entries(areas).flatMap(([title, area]) =>
      scenariosOf(area).map(({ sentence }) => `${title}: ${sentence}`),
    )
    expect(sentences.filter((sentence, index) => sentences.indexOf(sentence) !== index)).toEqual([])
  })
})
