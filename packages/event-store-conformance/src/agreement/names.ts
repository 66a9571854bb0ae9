import { randomUUID } from 'node:crypto'
import type { EventQuery, NewEvent } from '@writ/event-store'
import type { EventGiven, QueryGiven } from './operation.js'

// Letters that a careless adapter takes for patterns, quotes or separators.
const types = ['opened', 'money-deposited', `it's "closed"`, 'ü%_\\']
const tags = ['ann', 'bob', `o'neil {1,2}`, '💶 ', 'ANN']

/** What the numbers of one list of operations stand for: the same names in both stores, which no other list has. */
export class Names {
  private readonly own = randomUUID().slice(0, 13)
  private readonly ids = new Map<number, string>()

  stream = (n: number) => `${n % 2 === 0 ? 'account' : 'transfer'}-${this.own}-${n}`
  type = (n: number) => `${types[n % types.length]}-${this.own}`
  tag = (n: number) => `${tags[n % tags.length]}${this.own}`
  command = (n: number) => `command-${this.own}-${n}`
  subscription = (n: number) => `balances-${this.own}-${n}`
  owner = (n: number) => `worker-${this.own}-${n}`

  id(n: number): string {
    const id = this.ids.get(n) ?? randomUUID()
    this.ids.set(n, id)
    return id
  }

  event({ id, type, tags, ...rest }: EventGiven): NewEvent {
    return { ...rest, id: this.id(id), type: this.type(type), tags: tags.map(this.tag) }
  }

  query({ items }: QueryGiven): EventQuery {
    return {
      items: items.map(({ types, tags }) => ({
        ...(types && { types: types.map(this.type) }),
        ...(tags && { tags: tags.map(this.tag) }),
      })),
    }
  }
}
