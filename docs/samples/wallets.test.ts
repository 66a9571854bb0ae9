// The sample is written for Node's own runner, which a new service has without installing anything; here it is Jest's.
jest.mock('node:test', () => ({ describe, it }))

import './wallets/wallets.spec.js'
