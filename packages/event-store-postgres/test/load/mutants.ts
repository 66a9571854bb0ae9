import pg from 'pg'

interface Store {
  readonly connectionString: string
  readonly schema: string
}

/** Acknowledges when events are visible, and leaves the flush to the server's leisure. */
export async function acknowledgeBeforeTheFlush(store: Store): Promise<void> {
  const flush = /perform \S+\.flush\(\);/
  await change(store, ['append_one', 'append_batch'], [[flush, '']])
}

/** Numbers events by a sequence instead of under the lock, as most stores do, with a disk that takes now longer, now shorter. */
export async function numberWithoutTheLock(store: Store): Promise<void> {
  const next = `nextval('${store.schema}.mutant')`
  await execute(store, [
    `create sequence ${store.schema}.mutant start 1000 increment 1000`,
    `grant usage on sequence ${store.schema}.mutant to public`,
  ])
  const lock: Change = [/perform pg_advisory_xact_lock\([^;]*\);/, '']
  await change(store, ['append_event'], [lock, [/coalesce\(h\.position, 0\) \+ 1/, next]])
  await change(
    store,
    ['append_events'],
    [lock, [/base := coalesce\(base, 0\);/, `base := ${next}; perform pg_sleep(random() / 4);`]],
  )
}

type Change = readonly [RegExp, string]

async function change(store: Store, functions: readonly string[], changes: readonly Change[]): Promise<void> {
  const definitions = await execute(store, [
    `select pg_get_functiondef(p.oid) as text from pg_proc p
      where p.pronamespace = '${store.schema}'::regnamespace and p.proname in (${functions.map((name) => `'${name}'`)})`,
  ])
  for (const { text } of definitions) {
    let changed = text
    for (const [from, to] of changes) {
      if (!from.test(changed)) throw new Error(`This mutant is out of date: ${functions} have nothing like ${from}.`)
      changed = changed.replace(from, to)
    }
    await execute(store, [changed])
  }
}

async function execute({ connectionString }: Store, statements: readonly string[]): Promise<{ text: string }[]> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    let rows: { text: string }[] = []
    for (const statement of statements) rows = (await client.query(statement)).rows
    return rows
  } finally {
    await client.end()
  }
}
