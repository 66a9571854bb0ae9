import { Aggregate, Apply } from '@writ/aggregate'
import { SessionStarted } from './session.events.js'

@Aggregate({ category: 'session', identity: 'session' })
export class Session {
  account = ''

  @Apply(SessionStarted)
  started({ account }: SessionStarted) {
    this.account = account
  }
}
