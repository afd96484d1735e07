const SIGNED_URL = /https?:\/\/[^\s"'<>\\]*X-Amz-[^\s"'<>\\]*/gi;

/** What a function said, fit for a message: no longer than `most`, and without signed URLs, which are secrets. */
export function shown(text: string, most: number): string {
  const clean = text.replace(SIGNED_URL, '[signed URL]');
  return clean.length > most ? `${clean.slice(0, most)}…` : clean;
}
