import type { Work } from '../work.js'
import { append } from './append.js'
import { dispatch } from './dispatch.js'
import { hot } from './hot.js'
import { transfers } from './transfers.js'

/** Everything that can be measured; a new work is a file beside this one and a line here. */
export const works: readonly Work[] = [append, dispatch, hot, transfers]
