import { type Row, type Rows, type Table, TransactionEndedError } from '@writ/event-store'
import type { InMemoryLog } from './in-memory-log.js'

interface Place {
  readonly table: Table
  readonly key: string
}

/** The rows that one transaction has locked and changed; others see what it did when it is committed. */
export class TransactionRows {
  private changed = new Map<string, Place & { readonly row: Row }>()
  private hasEnded = false

  constructor(private readonly log: InMemoryLog) {}

  of(table: Table): Rows {
    const { rowLocks } = this.log
    return {
      lock: async (key) => {
        this.refuseEnded()
        // A row that is not there can't be locked, here as little as in a database.
        if (this.row(table, key) === undefined) return undefined
        await rowLocks.take(nameOf({ table, key }), this)
        return this.find(table, key)
      },
      find: async (key) => {
        this.refuseEnded()
        return this.find(table, key)
      },
      insert: async (key, row) => {
        this.refuseEnded()
        await rowLocks.take(nameOf({ table, key }), this)
        if (this.row(table, key) !== undefined) return false
        this.change({ table, key }, { ...row, [table.key]: key })
        return true
      },
      update: async (key, row) => {
        this.refuseEnded()
        if (this.row(table, key) === undefined) return false
        await rowLocks.take(nameOf({ table, key }), this)
        this.change({ table, key }, { ...this.row(table, key), ...row })
        return true
      },
    }
  }

  async part<T>(work: () => Promise<T>): Promise<T> {
    const before = new Map(this.changed)
    try {
      return await work()
    } catch (error) {
      this.changed = before
      throw error
    }
  }

  commit(): void {
    for (const { table, key, row } of this.changed.values()) {
      const rows = this.log.tables.get(table.name) ?? new Map<string, Row>()
      this.log.tables.set(table.name, rows)
      rows.set(key, row)
    }
  }

  end(): void {
    this.hasEnded = true
    this.log.rowLocks.giveBack(this)
  }

  private find(table: Table, key: string): Row | undefined {
    return structuredClone(this.row(table, key))
  }

  private row(table: Table, key: string): Row | undefined {
    return this.changed.get(nameOf({ table, key }))?.row ?? this.log.tables.get(table.name)?.get(key)
  }

  private change(place: Place, row: Row): void {
    this.changed.set(nameOf(place), { ...place, row: structuredClone(row) })
  }

  private refuseEnded(): void {
    if (this.hasEnded) throw new TransactionEndedError('rows')
  }
}

const nameOf = ({ table, key }: Place) => JSON.stringify([table.name, key])
