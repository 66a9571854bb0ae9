import type { Application } from '@writ/application'
import { OpenAccount } from './account.js'
import { opening } from './values.js'

const AT_ONCE = 64

/**
 * Opens accounts, as many at once as later deposits are under way.
 *
 * All at once they would outlive a young generation, and V8, which learns from that where objects are best made, would go on to make
 * those of every later command among the old ones: a third of the rate.
 */
export async function openAccounts(app: Application, accounts: readonly string[]): Promise<void> {
  let next = 0
  const open = async () => {
    while (next < accounts.length) await app.dispatch(new OpenAccount(opening(accounts[next++]!)))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, open))
}
