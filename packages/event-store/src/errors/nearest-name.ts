/** The known name that is most likely meant: at most a third of its letters differ. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  let nearest: string | undefined
  let distance = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const candidate of known) {
    const edits = editDistance(name, candidate)
    if (edits < distance) [nearest, distance] = [candidate, edits]
  }
  return nearest
}

/** Levenshtein's distance: insertions, deletions and replacements of one letter. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[to.length]!
}
