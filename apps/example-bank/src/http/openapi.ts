import { z } from 'zod'

/** One thing that can be asked of the bank, as its document tells it; the schemas are those that the routes check with. */
export interface Operation {
  readonly method: 'get' | 'post'
  /** With `{names}` for what varies. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  /** Whether it wants the token of a session. */
  readonly secured?: boolean
  /** What the names in the path stand for. */
  readonly names?: Readonly<Record<string, z.ZodType>>
  readonly query?: z.ZodObject
  /** Names of headers that it understands; see {@link headers}. */
  readonly headers?: readonly (keyof typeof headers)[]
  readonly body?: { readonly schema: z.ZodObject; readonly example: Readonly<Record<string, unknown>> }
  readonly answer: {
    readonly status: 200 | 201 | 202
    readonly schema: z.ZodType
    /** Other media types that it can come in; JSON always is one. */
    readonly others?: readonly string[]
  }
  /** The statuses of the problems that are to be expected. */
  readonly problems: readonly number[]
}

/** The headers that several operations understand, each described once. */
const headers = {
  'Idempotency-Key': {
    description:
      'The same key and body have one effect and one reply, however often they are sent; ask again with it when in doubt.',
    schema: { type: 'string', minLength: 1, maxLength: 200 },
  },
  'Writ-Wait-For': {
    description: 'A `Writ-Position`, or a bare position, that the answer must have seen; the bank waits five seconds at most.',
    schema: { type: 'string', pattern: '^[\\w-]{1,40}$' },
  },
  'Last-Event-ID': {
    description: 'The id of the last event that was seen: the stream goes on behind it.',
    schema: { type: 'string', pattern: '^\\d{1,15}$' },
  },
} as const

const Problem = z.looseObject({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  code: z.string().meta({ description: 'For programs; it never changes.' }),
  detail: z.string().meta({ description: 'For people.' }),
})

/** The OpenAPI 3.1 document of all operations. */
export function openApiDocument(operations: readonly Operation[]): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const operation of operations) {
    const path = paths[operation.path] ?? {}
    path[operation.method] = described(operation)
    paths[operation.path] = path
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'The example bank',
      version: '1',
      description:
        'Amounts are integer cents. Bodies are JSON, and strict. Errors are `application/problem+json` with a `code`. A request that ' +
        'was cut off can be sent again with the same `Idempotency-Key`: it has one effect and one reply.',
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: { session: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      parameters: Object.fromEntries(
        Object.entries(headers).map(([name, header]) => [name, { name, in: 'header', required: false, ...header }]),
      ),
      responses: {
        Problem: {
          description: 'What went wrong (RFC 9457).',
          content: { 'application/problem+json': { schema: schemaOf(Problem, 'output') } },
        },
      },
    },
  }
}

function described({ tag, summary, secured, body, answer, problems, ...operation }: Operation): object {
  const { status, schema, others = [] } = answer
  return {
    tags: [tag],
    summary,
    operationId: `${operation.method}${operation.path.replace(/[^a-z]+(\w)?/gi, (_, letter = '') => letter.toUpperCase())}`,
    ...(secured && { security: [{ session: [] }] }),
    parameters: parametersOf(operation),
    ...(body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: schemaOf(body.schema, 'input'), example: body.example } },
      },
    }),
    responses: {
      [status]: {
        description: 'As asked.',
        content: {
          'application/json': { schema: schemaOf(schema, 'output') },
          ...Object.fromEntries(others.map((type) => [type, { schema: { type: 'string' } }])),
        },
      },
      ...Object.fromEntries(problems.map((problem) => [problem, { $ref: '#/components/responses/Problem' }])),
    },
  }
}

function parametersOf({ names = {}, query, headers = [] }: Pick<Operation, 'names' | 'query' | 'headers'>): object[] {
  const queried = Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: !schema.safeParse(undefined).success,
    schema: schemaOf(schema, 'input'),
  }))
  return [
    ...Object.entries(names).map(([name, schema]) => ({ name, in: 'path', required: true, schema: schemaOf(schema, 'input') })),
    ...queried,
    ...headers.map((name) => ({ $ref: `#/components/parameters/${name}` })),
  ]
}

function schemaOf(schema: z.ZodType | z.core.$ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io })
  return rest
}
