import { type Agreement, findDisagreement } from './find-disagreement.js'

const HOUR = 3_600_000

/**
 * Holds two stores to each other: declares, as a Jest test, that random lists of operations get the same answers from both and leave
 * the same log in both. A failure prints the shortest list that was found, its seed and its path.
 *
 * The environment may ask for more than the defaults: WRIT_FUZZ=2000 for so many lists, however long they take; WRIT_SEED and
 * WRIT_PATH for those of a failure.
 */
export function describeAgreement(agreement: Agreement): void {
  const { WRIT_FUZZ, WRIT_SEED, WRIT_PATH } = process.env
  const asked: Agreement = {
    ...agreement,
    ...(WRIT_FUZZ !== undefined && { lists: Number(WRIT_FUZZ), within: HOUR }),
    ...(WRIT_SEED !== undefined && { seed: Number(WRIT_SEED) }),
    ...(WRIT_PATH !== undefined && { path: WRIT_PATH }),
  }
  describe(`The ${agreement.name} and the ${agreement.reference.name} event store`, () => {
    it(
      'answer random lists of operations alike',
      async () => {
        const disagreement = await findDisagreement(asked)
        if (disagreement) throw disagreement
      },
      // To shorten the list of a failure takes its time.
      HOUR,
    )
  })
}
