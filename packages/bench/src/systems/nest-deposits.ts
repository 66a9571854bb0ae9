import 'reflect-metadata'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { CommandBus, CommandHandler, CqrsModule, EventPublisher, type ICommandHandler } from '@nestjs/cqrs'
import { AccountNumbers } from '../bank/account-numbers.js'
import { DepositMoneyInNest, NestAccount } from '../bank/nest-account.js'
import { depositTo, opening } from '../bank/values.js'
import type { System } from '../system.js'

/** What Nest leaves to its user: where accounts are kept. */
class Accounts extends Map<string, NestAccount> {}

@CommandHandler(DepositMoneyInNest)
class DepositMoneyHandler implements ICommandHandler<DepositMoneyInNest> {
  constructor(private readonly accounts: Accounts) {}

  async execute({ data }: DepositMoneyInNest): Promise<void> {
    const account = this.accounts.get(data.account)
    if (!account) throw new Error('There is no such account.')
    account.deposit(data)
    account.commit()
  }
}

@Module({ imports: [CqrsModule.forRoot()], providers: [Accounts, DepositMoneyHandler] })
class BankModule {}

/** Nest's command bus, and accounts in a map: no event is stored, nothing is validated, nobody's version is checked. */
export function nestDeposits(count: number): System {
  return {
    name: 'nest',
    async open({ callers }) {
      const app = await NestFactory.createApplicationContext(BankModule, { logger: false })
      await app.init()
      const [bus, publisher, accounts] = [app.get(CommandBus), app.get(EventPublisher), app.get(Accounts)]
      const numbers = new AccountNumbers(count, callers)
      for (const number of numbers.all) {
        accounts.set(number, publisher.mergeObjectContext(new NestAccount(opening(number).balance)))
      }
      return {
        settings: 'a command bus, and aggregates in a map that publish their events; nothing is stored',
        async operation(caller) {
          await bus.execute(new DepositMoneyInNest(depositTo(numbers.next(caller))))
        },
        stored: async () => [...accounts.values()].reduce((sum, { deposits }) => sum + deposits, 0),
        close: () => app.close(),
      }
    },
  }
}
