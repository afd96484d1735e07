const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/**
 * A bar of text beside a figure: comments show no charts, mail shows no pictures.
 *
 * @param most the value of a full bar
 * @param width of a full bar, in characters
 * @returns an empty text for what is no positive number; anything that is has at least the thinnest bar
 */
export function bar(value: number | null | undefined, most: number, width = 8): string {
  if (value == null || !(value > 0) || !(most > 0)) return '';
  const eighths = Math.max(1, Math.round(Math.min(1, value / most) * width * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}
