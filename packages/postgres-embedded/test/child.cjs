// Runs this package's TypeScript in a Node.js process of its own, which a test can kill, and does what the parent's messages say.
const { readFileSync } = require('node:fs')
const Module = require('node:module')
const { join } = require('node:path')
const { transformSync } = require('@swc/core')

const resolveFilename = Module._resolveFilename
Module._resolveFilename = (request, parent, ...rest) => {
  const isSource = request.startsWith('.') && parent?.filename.endsWith('.ts')
  return resolveFilename(isSource ? request.replace(/\.js$/, '.ts') : request, parent, ...rest)
}
Module._extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    swcrc: false,
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  })
  module._compile(code, filename)
}

const source = (name) => require(join(__dirname, '..', 'src', name))
const log = []

const tasks = {
  async start(options) {
    const server = await source('start-postgres.ts').startPostgres({ ...options, log: (line) => log.push(line) })
    tasks.stop = () => server.stop()
    const { connectionString, port, pid } = server
    return { connectionString, port, pid, log }
  },
  async startTemporary() {
    return (await source('temporary-postgres.ts').startTemporaryPostgres()).dataDirectory
  },
  async lock(directory) {
    await source('directory-lock.ts').lockDirectory(directory)
  },
  async provideBinaries(binariesPackage, dataDirectory) {
    const { initdb } = await source('binaries.ts').provideBinaries(binariesPackage, dataDirectory, undefined, () => {})
    return initdb
  },
  // With a task under way, or a server running, the process exits all the same.
  async exit() {
    setImmediate(() => process.exit())
  },
}

process.on('message', async ([task, ...args]) => {
  try {
    process.send({ result: await tasks[task](...args) })
  } catch (error) {
    process.send({ error: { ...error, message: error.message } })
  }
})
process.on('SIGINT', () => {}) // as an application that shuts down in its own time
process.send({ result: 'listening' })
