import 'reflect-metadata'
import { describeBank } from './describe-bank.js'
import { describeReports } from './describe-reports.js'
import { describeStatements } from './describe-statements.js'
import { describeTransfers } from './describe-transfers.js'
import { postgresPlace } from './test-place.js'

describeBank({ storage: 'PostgreSQL', create: postgresPlace })
describeTransfers({ storage: 'PostgreSQL', create: postgresPlace })
describeStatements({ storage: 'PostgreSQL', create: postgresPlace })
describeReports({ storage: 'PostgreSQL', create: postgresPlace })
