import { Application } from '@writ/application'
import { postgresEventStore } from '@writ/event-store-postgres'
import { startPostgres } from '@writ/postgres-embedded'
import pg from 'pg'
import { Balances } from './balances.js'
import { OpenWallet, SendMoney } from './wallet.js'
import { wallets } from './wallets.js'

const { DATABASE_URL } = process.env
const server = DATABASE_URL ? undefined : await startPostgres({ dataDirectory: '.data' })
const pool = new pg.Pool({ connectionString: server?.connectionString ?? DATABASE_URL })
pool.on('error', (error) => console.error('A connection broke; the pool makes another one.', error))
const app = await Application.create({ store: postgresEventStore({ pool }), modules: [wallets(pool)] })
await app.start()

// A command with an id takes effect once, also when this runs again.
await app.dispatch(new OpenWallet({ wallet: 'ann', balance: 100 }), { commandId: 'open-ann' })
await app.dispatch(new OpenWallet({ wallet: 'bob', balance: 0 }), { commandId: 'open-bob' })
await app.dispatch(new SendMoney({ wallet: 'ann', to: 'bob', transfer: 't1', amount: 30 }), { commandId: 't1' })
await app.dispatch(new SendMoney({ wallet: 'ann', to: 'nobody', transfer: 't2', amount: 50 }), { commandId: 't2' })

await app.settled()
const balances = app.get(Balances)
console.log({ ann: await balances.find('ann'), bob: await balances.find('bob') })

await app.stop()
await pool.end()
await server?.stop()
