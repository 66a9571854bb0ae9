import 'reflect-metadata'

// The sample is written for Node's own runner, which a new service has without installing anything; here it is Jest's.
jest.mock('node:test', () => ({ describe, it }))

import './events-over-the-years/hotel.spec.js'
