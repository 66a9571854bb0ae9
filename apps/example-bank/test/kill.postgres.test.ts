import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { testProcesses } from '@writ/build-tools'
import { type Answer, type Customer, eventually } from './bank-client.js'
import { BankProcess } from './bank-process.js'
import { SmtpInbox } from './smtp-inbox.js'

interface Movement {
  readonly customer: Customer
  readonly kind: 'deposit' | 'withdraw'
  readonly amount: number
  readonly key: string
  /** Undefined where the bank died before it answered. */
  answer: Answer | undefined
}

interface Transfer {
  readonly from: Customer
  readonly to: string
  readonly amount: number
  readonly key: string
  answer: Answer | undefined
}

const CUSTOMERS = 4
const HANDS = 4

describe('the bank as a process', () => {
  const inbox = new SmtpInbox()
  let folder: string
  let bank: BankProcess
  const start = async () => BankProcess.start(startProcess, { BANK_DATA: folder, SMTP_URL: inbox.url })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'writ-bank-'))
    await inbox.start()
    bank = await start()
  })
  afterAll(async () => {
    await bank?.terminate()
    await inbox.stop()
    await rm(folder, { recursive: true, force: true })
  })
  // Its hook comes last, so that the bank has ended in order before its folder goes.
  const startProcess = testProcesses('all')

  it('killed with -9 under load, has every acknowledged command exactly once, and answers its keys as before', async () => {
    const customers = await Promise.all(Array.from({ length: CUSTOMERS }, () => bank.customer(inbox)))
    const movements: Movement[] = []

    for (const acknowledged of [100, 200, 300]) {
      await moveUntilKilled(customers, movements, acknowledged)
      bank = await start()
      for (const customer of customers) {
        const own = movements.filter((movement) => movement.customer === customer)
        const again = await Promise.all(own.map(send))
        own.forEach((movement, index) => {
          const answer = again[index]
          // The one that was in doubt is settled now, whichever way it went before.
          movement.answer ??= answer
          expect([answer?.status, answer?.body]).toEqual([movement.answer?.status, movement.answer?.body])
          expect(answer?.status).toBe(200)
        })
        const last = Math.max(...own.map(({ answer }) => answer?.body.position))
        // Until the lease of the bank that was killed has run out, nobody writes the balances.
        const seen = await eventually(async () => {
          const answer = await bank.account(customer, String(last))
          return answer.status === 200 && answer
        }, 'the balance')
        const moved = own.reduce((sum, { kind, amount }) => sum + (kind === 'deposit' ? amount : -amount), 0)
        // Opened, verified, and each movement once: none is lost, none is there twice.
        expect(seen.body).toMatchObject({ balance: 100_000 + moved, version: 2 + own.length })
      }
    }

    // Each withdrawal is mailed; one that is mailed again, after a kill, carries the same Message-ID.
    const withdrawals = movements.filter(({ kind }) => kind === 'withdraw')
    for (const { customer, amount } of withdrawals) await inbox.mailTo(customer.email, withdrawn(amount))
    const ids = new Set(inbox.mails.filter(({ subject }) => subject.includes('withdrawn')).map(({ messageId }) => messageId))
    expect(ids.size).toBe(withdrawals.length)
  }, 300_000)

  it('killed with -9 in the middle of many transfers, ends each of them exactly once, and the sum of all money is the same', async () => {
    const customers = await Promise.all(Array.from({ length: CUSTOMERS }, () => bank.customer(inbox)))
    const transfers: Transfer[] = []
    for (const acknowledged of [60, 120]) {
      await transferUntilKilled(customers, transfers, acknowledged)
      bank = await start()
    }
    // Asked again by their keys: those in doubt begin now, or have begun before; none begins twice.
    for (const transfer of transfers) {
      const again = await request(transfer)
      expect([again.status, again.body]).toEqual([202, transfer.answer?.body ?? again.body])
      transfer.answer = again
    }
    const left = new Map(customers.map(({ account }) => [account, 100_000]))
    const count = new Map(customers.map(({ account }) => [account, 2]))
    const move = (account: string, amount: number) => {
      left.set(account, (left.get(account) ?? 0) + amount)
      count.set(account, (count.get(account) ?? 0) + 1)
    }
    const statuses = new Set<string>()
    for (const { from, to, amount, answer } of transfers) {
      const { status } = (await bank.endOf(answer?.body.transfer, from)).body
      statuses.add(status)
      if (status === 'refused') continue
      move(from.account, -amount)
      move(status === 'completed' ? to : from.account, amount)
    }
    expect([...statuses].sort()).toEqual(['completed', 'refunded', 'refused'])
    for (const customer of customers) {
      const moved = await bank.deposit(customer, 1)
      // The version counts the movements: none has happened twice, not even to be undone again.
      expect(moved.body).toMatchObject({
        balance: (left.get(customer.account) ?? 0) + 1,
        version: (count.get(customer.account) ?? 0) + 1,
      })
    }
    const all = [...left.values()].reduce((sum, balance) => sum + balance, 0)
    expect(all).toBe(CUSTOMERS * 100_000)
  }, 300_000)

  it('stopped in order, ends with 0 and mails nothing again', async () => {
    const customer = await bank.customer(inbox)
    await bank.withdraw(customer, 100)
    await inbox.mailTo(customer.email, '$1.00 withdrawn')
    const before = inbox.mails.length
    // With what it printed, so that a failure says why.
    expect([await bank.terminate(), bank.printed]).toEqual([0, bank.printed])
    bank = await start()
    await bank.withdraw(customer, 200)
    await inbox.mailTo(customer.email, '$2.00 withdrawn')
    expect(inbox.mails).toHaveLength(before + 1)
    expect((await bank.account(customer)).status).toBe(200)
  })

  it('starts its database again when somebody kills that, and says so meanwhile', async () => {
    const customer = await bank.customer(inbox)
    const [pid] = (await readFile(join(folder, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')
    process.kill(Number(pid), 'SIGKILL')
    await eventually(async () => (await bank.get('/health')).status === 503, 'a bank that is down')
    await eventually(async () => (await bank.get('/health')).body.status === 'up', 'a bank that is well')
    expect(await bank.deposit(customer, 100)).toMatchObject({ status: 200, body: { balance: 100_100 } })
  })

  it('says in a sentence why it can not start', async () => {
    const port = new URL(bank.url).port
    const taken = await BankProcess.fail(startProcess, { BANK_DATA: join(folder, 'another'), PORT: port })
    expect(taken).toMatchObject({
      exitCode: 1,
      output: `Port ${port} is in use. Stop what listens there, or set PORT to another one.\n`,
    })
    const away = await BankProcess.fail(startProcess, { DATABASE_URL: 'postgres://bank:canary@127.0.0.1:1/bank' })
    expect(away).toMatchObject({
      exitCode: 1,
      output: expect.stringMatching(/^The database can't be used: .*PostgreSQL at 127\.0\.0\.1:1\/bank/),
    })
    expect(away.output).not.toContain('canary')
    const wrong = await BankProcess.fail(startProcess, { PORT: 'http' })
    expect(wrong).toMatchObject({
      exitCode: 1,
      output: expect.stringMatching(/^The environment can't be used:\n {2}PORT: expected a port/),
    })
  })

  it('prints lines that work when they are pasted one after another', async () => {
    await bank.terminate()
    bank = await BankProcess.start(startProcess, { BANK_DATA: folder })
    const lines = bank.printed.split('\n').filter((line) => /^([A-Z]+=|curl |until )/.test(line))
    const { stdout } = await promisify(execFile)('sh', ['-ec', lines.join('\n')])
    expect(stdout).toMatch(/"status":"unverified","balance":100000/)
    expect(stdout).toMatch(/"status":"verified"/)
    expect(stdout).toMatch(/"balance":102500,"version":3/)
    expect(stdout).toMatch(/"balance":97500,"version":4/)
    expect(stdout).toMatch(/"owner":"Owner","status":"verified","balance":97500,"version":4/)
    expect(stdout).toMatch(/"amount":1500,"status":"completed"/)
    expect(stdout).toMatch(/"status":"up"/)
  })

  function send({ customer, kind, amount, key }: Movement): Promise<Answer> {
    return bank[kind](customer, amount, key)
  }

  function request({ from, to, amount, key }: Transfer): Promise<Answer> {
    return bank.transfer(from, to, amount, key)
  }

  /** Requests transfers with many hands at once, and kills the bank after so many answers. */
  async function transferUntilKilled(customers: readonly Customer[], transfers: Transfer[], acknowledged: number): Promise<void> {
    let isAlive = true
    let answers = 0
    const hand = async (from: Customer, index: number) => {
      while (isAlive) {
        const number = transfers.length + 1
        const other = customers[(index + 1 + (number % (CUSTOMERS - 1))) % CUSTOMERS] as Customer
        const transfer: Transfer = {
          from,
          // Some to nobody, some of more than there is.
          to: number % 7 === 0 ? '9999999999' : other.account,
          amount: number % 11 === 0 ? 1_000_000 : number,
          key: `transfer-${number}`,
          answer: undefined,
        }
        transfers.push(transfer)
        transfer.answer = await request(transfer).catch(() => undefined)
        if (transfer.answer && ++answers === acknowledged) {
          isAlive = false
          await bank.kill()
        }
      }
    }
    await Promise.all(customers.flatMap((customer, index) => Array.from({ length: 2 }, () => hand(customer, index))))
  }

  /** Moves money with many hands at once, and kills the bank after so many answers. */
  async function moveUntilKilled(customers: readonly Customer[], movements: Movement[], acknowledged: number): Promise<void> {
    let isAlive = true
    let answers = 0
    const hand = async (customer: Customer) => {
      while (isAlive) {
        // Each amount once, so that each mail can be told from the others.
        const number = movements.length + 1
        const kind = number % 5 === 0 ? 'withdraw' : 'deposit'
        const movement: Movement = { customer, kind, amount: number, key: `movement-${number}`, answer: undefined }
        movements.push(movement)
        movement.answer = await send(movement).catch(() => undefined)
        if (movement.answer && ++answers === acknowledged) {
          isAlive = false
          await bank.kill()
        }
      }
    }
    await Promise.all(customers.flatMap((customer) => Array.from({ length: HANDS }, () => hand(customer))))
  }
})

const withdrawn = (cents: number) => `$${(cents / 100).toFixed(2)} withdrawn`
