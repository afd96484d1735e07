/** What of a folder is a SavedModel's own: AYCI takes nothing else from it. */
const OWN = /^(?:saved_model\.pb|fingerprint\.pb|(?:variables|assets|assets\.extra)\/.+)$/;

/** @param path in the folder, with forward slashes */
export function isOfSavedModel(path: string): boolean {
  return OWN.test(path);
}
