import type { Area } from './area.js'
import { appending } from './areas/appending.js'
import { appendsTogether } from './areas/appends-together.js'
import { badBookkeeping } from './areas/bad-bookkeeping.js'
import { badInput } from './areas/bad-input.js'
import { boundaries } from './areas/boundaries.js'
import { changingPartitions } from './areas/changing-partitions.js'
import { checkpoints } from './areas/checkpoints.js'
import { conditions } from './areas/conditions.js'
import { deletingStreams } from './areas/deleting-streams.js'
import { expectedVersions } from './areas/expected-versions.js'
import { findingEvents } from './areas/finding-events.js'
import { joinedTransactions } from './areas/joined-transactions.js'
import { lifecycle } from './areas/lifecycle.js'
import { links } from './areas/links.js'
import { listingStreams } from './areas/listing-streams.js'
import { parkedEvents } from './areas/parked-events.js'
import { payloads } from './areas/payloads.js'
import { projectionVersions } from './areas/projection-versions.js'
import { queries } from './areas/queries.js'
import { races } from './areas/races.js'
import { randomPartitionChanges } from './areas/random-partition-changes.js'
import { readingPartsOfTheLog } from './areas/reading-parts-of-the-log.js'
import { readingStreams } from './areas/reading-streams.js'
import { readingTheLog } from './areas/reading-the-log.js'
import { readsWithinTransactions } from './areas/reads-within-transactions.js'
import { receipts } from './areas/receipts.js'
import { repeatedAppends } from './areas/repeated-appends.js'
import { rewoundLogs } from './areas/rewound-logs.js'
import { rowsOfTransactions } from './areas/rows-of-transactions.js'
import { severalStreams } from './areas/several-streams.js'
import { sharingSubscriptions } from './areas/sharing-subscriptions.js'
import { snapshots } from './areas/snapshots.js'
import { steeringSubscriptions } from './areas/steering-subscriptions.js'
import { tailing } from './areas/tailing.js'
import { takingEventsOut } from './areas/taking-events-out.js'
import { transactions } from './areas/transactions.js'
import { truncatingStreams } from './areas/truncating-streams.js'
import { wakeUps } from './areas/wake-ups.js'

/** Everything that the suite asks, by the titles that tests show. */
export const areas = {
  'starting and stopping': lifecycle,
  appending,
  'expected versions': expectedVersions,
  races,
  'appends that are repeated': repeatedAppends,
  'appends under way together': appendsTogether,
  'appends to several streams': severalStreams,
  transactions,
  'reads within transactions': readsWithinTransactions,
  'rows of transactions': rowsOfTransactions,
  "transactions of the user's own": joinedTransactions,
  'reading streams': readingStreams,
  'reading the log': readingTheLog,
  'reading behind writers': tailing,
  'reading parts of the log': readingPartsOfTheLog,
  'finding events by their ids': findingEvents,
  queries,
  conditions,
  boundaries,
  links,
  'listing streams': listingStreams,
  'deleting streams': deletingStreams,
  'taking events out': takingEventsOut,
  'truncating streams': truncatingStreams,
  receipts,
  snapshots,
  'checkpoints and leases': checkpoints,
  'subscriptions that are shared': sharingSubscriptions,
  'subscriptions that are steered': steeringSubscriptions,
  'changes of the number of partitions': changingPartitions,
  'random changes of the number of partitions': randomPartitionChanges,
  'parked events': parkedEvents,
  'live versions of projections': projectionVersions,
  'wake-ups': wakeUps,
  'logs that are rewound': rewoundLogs,
  payloads,
  'bad input': badInput,
  'bad input to what is kept beside the events': badBookkeeping,
} satisfies Readonly<Record<string, Area>>

export type AreaTitle = keyof typeof areas
