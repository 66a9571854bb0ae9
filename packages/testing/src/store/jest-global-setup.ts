// For `globalSetup` of a Jest configuration: one PostgreSQL for all test files of the run.
import { startTestServer } from './test-server.js'

export default startTestServer
