import { Application, module } from '@writ/application'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { Account, DepositMoney } from '../bank/account.js'
import { AccountNumbers } from '../bank/account-numbers.js'
import { openAccounts } from '../bank/open-accounts.js'
import { depositTo } from '../bank/values.js'
import type { System } from '../system.js'

/** The application of `writ-deposits.ts` on a store in memory. Each command is made, and so validated, when it is dispatched. */
export function writDepositsInMemory(count: number): System {
  return inMemory('writ', count, 'as it comes', (account) => new DepositMoney(depositTo(account)))
}

/** The same where each caller has one account, and all that is kept of it stays at hand. */
export function writFewDepositsInMemory(): System {
  return inMemory('writ with one account a caller', 'callers', 'as it comes', (account) => new DepositMoney(depositTo(account)))
}

/** The same, each command made beforehand, one for each account. */
export function writMadeDepositsInMemory(count: number): System {
  const commands = new Map<string, DepositMoney>()
  return inMemory('writ without making commands', count, 'as it comes, with commands that were made before', (account) => {
    const known = commands.get(account)
    if (known) return known
    const command = new DepositMoney(depositTo(account))
    commands.set(account, command)
    return command
  })
}

function inMemory(
  name: string,
  accounts: number | 'callers',
  settings: string,
  commandFor: (account: string) => DepositMoney,
): System {
  return {
    name,
    async open({ callers }) {
      const count = accounts === 'callers' ? callers : accounts
      const numbers = new AccountNumbers(count, callers)
      let app = await openBank(numbers.all)
      return {
        settings: `${settings}; a new store in memory for each window`,
        async renew() {
          await app.stop()
          app = await openBank(numbers.all)
        },
        async operation(caller) {
          await app.dispatch(commandFor(numbers.next(caller)))
        },
        stored: async () => (await app.store.head()).position - count,
        close: () => app.stop(),
      }
    },
  }
}

async function openBank(numbers: readonly string[]): Promise<Application> {
  const app = await Application.create({
    store: inMemoryEventStore(),
    modules: [module({ name: 'bank', aggregates: [Account] })],
  })
  await app.start()
  await openAccounts(app, numbers)
  return app
}
