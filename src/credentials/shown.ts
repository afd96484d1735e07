/**
 * Text from outside for a message: quoted, cut to `most` characters, and whatever is not printable ASCII written as its
 * code, so that it can neither move a terminal's cursor nor be taken for another text.
 */
export function shown(text: string, most = 200): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return JSON.stringify(cut).replace(
    /[^ -~…]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
