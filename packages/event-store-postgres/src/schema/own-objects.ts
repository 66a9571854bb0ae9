import { migrations } from './migrations.js'
import type { SchemaName } from './schema-name.js'

/** What the migrations make in a schema, by name. */
export function ownObjects(schema: SchemaName): { readonly tables: readonly string[]; readonly routines: readonly string[] } {
  const sql = migrations.map((migration) => migration.sql(schema)).join('\n')
  const made = (kinds: string) => [
    ...new Set(
      sql.split(new RegExp(`create (?:or replace |unlogged )?(?:${kinds}) `)).flatMap((text) => {
        const [, name] = text.startsWith(schema.quoted) ? (/^\.(\w+)/.exec(text.slice(schema.quoted.length)) ?? []) : []
        return name === undefined ? [] : [name]
      }),
    ),
  ]
  return { tables: ['schema_versions', ...made('table')], routines: made('function|procedure') }
}
