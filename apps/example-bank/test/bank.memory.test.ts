import 'reflect-metadata'
import { Memory, openMemoryStorage } from '../src/storage/memory-storage.js'
import { describeBank, type Place } from './describe-bank.js'
import { describeReports } from './describe-reports.js'
import { describeStatements } from './describe-statements.js'
import { describeTransfers } from './describe-transfers.js'

const storage = 'memory'
const create = async (): Promise<Place> => {
  const memory = new Memory()
  return { openStorage: async () => openMemoryStorage(memory), close: async () => {} }
}

describeBank({ storage, create })
describeTransfers({ storage, create })
describeStatements({ storage, create })
describeReports({ storage, create })
