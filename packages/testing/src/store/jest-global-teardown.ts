// For `globalTeardown` of a Jest configuration: ends what the global setup has begun.
import { stopTestServer } from './test-server.js'

export default stopTestServer
