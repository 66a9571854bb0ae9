import 'reflect-metadata'
import { pino } from 'pino'
import { readConfiguration } from './configuration.js'
import { startBank } from './start-bank.js'
import { StartError } from './start-error.js'
import { welcome } from './welcome.js'

try {
  const configuration = readConfiguration(process.env)
  // To stderr: what is printed for people stays readable.
  const logger = pino({ level: configuration.logLevel, serializers: { error: pino.stdSerializers.err } }, pino.destination(2))
  const bank = await startBank({ configuration, logger })
  process.stdout.write(welcome(bank, configuration))

  let isStopping = false
  const stop = async () => {
    if (isStopping) process.exit(1)
    isStopping = true
    await bank.stop()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop)
} catch (error) {
  process.stderr.write(
    error instanceof StartError
      ? `${error.message}\n`
      : `The bank can't start: ${error instanceof Error ? error.stack : error}\n`,
  )
  process.exit(1)
}
