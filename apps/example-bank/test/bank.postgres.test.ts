import 'reflect-metadata'
import { describeBank } from './describe-bank.js'
import { postgresPlace } from './test-place.js'

describeBank({ storage: 'PostgreSQL', create: postgresPlace })
