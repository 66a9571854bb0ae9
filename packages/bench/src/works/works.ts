import type { Work } from '../work.js'
import { append } from './append.js'

/** Everything that can be measured; a new work is a file beside this one and a line here. */
export const works: readonly Work[] = [append]
