#!/usr/bin/env node
import { setTimeout as pause } from 'node:timers/promises'
import { closedLoop } from '../closed-loop.js'
import { countStatements } from '../statement-count.js'
import type { OpenSystem } from '../system.js'
import { emmettAppend } from '../systems/emmett-append.js'
import { pacedAppend } from '../systems/paced-append.js'
import { toldAppend } from '../systems/wake-up.js'
import { writAppend } from '../systems/writ-append.js'
import { type Answer, monotonic, type Question } from './calling-process.js'

const systems = { writ: writAppend, emmett: emmettAppend, told: toldAppend, paced: pacedAppend }
const statements = countStatements()
let system: OpenSystem | undefined

async function answer(question: Question): Promise<Answer> {
  if ('open' in question) {
    system = await systems[question.open].open(question.environment)
    return { done: true }
  }
  if ('close' in question) {
    await system?.close()
    return { done: true }
  }
  const { callers, at, seconds } = question
  await pause(Math.max(0, at - monotonic()))
  const cpu = process.cpuUsage()
  const before = statements()
  const loop = await (system!.window?.(callers, seconds) ?? closedLoop((caller) => system!.operation(caller), callers, seconds))
  const { user, system: kernel } = process.cpuUsage(cpu)
  return { loop: { ...loop, elsewhere: { cpu: user + kernel, statements: statements() - before } } }
}

process.on('message', async (question: Question) => {
  const given = await answer(question).catch((error: Error) => ({ error: error.stack ?? error.message }))
  process.send?.(given, () => {
    if ('close' in question) process.disconnect()
  })
})
// Whoever started it is gone, and with it whoever would stop it; a Ctrl-C reaches both, and is the other one's affair.
process.on('disconnect', () => process.exit())
process.on('SIGINT', () => {})
