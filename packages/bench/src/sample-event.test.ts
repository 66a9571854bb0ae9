import { sampleEvent, streamOf } from './sample-event.js'

describe('sampleEvent', () => {
  it('weighs 217 bytes of JSON', () => {
    const { data, metadata } = sampleEvent()
    expect(Buffer.byteLength(JSON.stringify(data) + JSON.stringify(metadata))).toBe(217)
  })

  it('is of another stream each time', () => {
    expect(streamOf(sampleEvent())).not.toBe(streamOf(sampleEvent()))
  })
})
