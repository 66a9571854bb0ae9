import { describeApplication } from '../../test/describe-application.js'

describeApplication('postgres')
