/** The points of one changelog that another, of the version in use, does not have; in their order, without their dashes. */
export function changesSince(theirs: string, ours: string): string[] {
  const known = new Set(pointsOf(ours))
  return pointsOf(theirs).filter((point) => !known.has(point))
}

function pointsOf(changelog: string): string[] {
  return changelog
    .split('\n')
    .filter((line) => line.startsWith('- '))
    .map((line) => line.slice(2).trim())
}
