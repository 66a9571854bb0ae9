import fc from 'fast-check'

// Enough to find what is rare, little enough for every run; WRIT_FUZZ=100000 is for a long one.
fc.configureGlobal({ numRuns: Number(process.env.WRIT_FUZZ ?? 1_000) })

export { fc }
