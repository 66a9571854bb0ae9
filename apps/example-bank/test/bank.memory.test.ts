import 'reflect-metadata'
import { Memory, openMemoryStorage } from '../src/storage/memory-storage.js'
import { describeBank } from './describe-bank.js'

describeBank({
  storage: 'memory',
  async create() {
    const memory = new Memory()
    return { openStorage: async () => openMemoryStorage(memory), close: async () => {} }
  },
})
