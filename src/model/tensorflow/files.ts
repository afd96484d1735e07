/** What of a folder is a SavedModel's own: AYCI takes nothing else from it. */
const OWN = /^(?:saved_model\.pb|fingerprint\.pb|(?:variables|assets|assets\.extra)\/.+)$/;
const ELSEWHERE = new Set(['', '.', '..']);

/**
 * Also for paths that somebody else wrote: none of its own leads out of the folder.
 * @param path in the folder, with forward slashes
 */
export function isOfSavedModel(path: string): boolean {
  return OWN.test(path) && !path.includes('\\') && !path.split('/').some((part) => ELSEWHERE.has(part));
}
