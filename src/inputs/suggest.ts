import leven from 'leven';

/** The known name nearest to a misspelt one, as a sentence; empty where none is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const nearest = known
    .map((candidate) => ({ candidate, distance: leven(name.toLowerCase(), candidate) }))
    .sort((a, b) => a.distance - b.distance)[0];
  if (nearest === undefined || nearest.distance > Math.max(2, name.length / 3)) return '';
  return `Did you mean ${nearest.candidate}?`;
}
