/** Three significant digits, no exponent: what a reader can compare at a glance. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 100) return Math.round(value).toString();
  const digits = size >= 10 ? 1 : size >= 1 ? 2 : Math.min(6, 2 - Math.floor(Math.log10(size)));
  return value.toFixed(digits);
}

/** A ratio as percent: `16.3`, `0.6`. */
function percentDigits(ratio: number): string {
  const percent = Math.abs(ratio) * 100;
  return percent >= 100 ? percent.toFixed(0) : percent.toFixed(1);
}

/** `+16.3 %`, `−1.4 %`. */
export function signedPercent(ratio: number): string {
  const digits = percentDigits(ratio);
  const sign = /^[0.]+$/.test(digits) ? '±' : ratio < 0 ? '−' : '+';
  return `${sign}${digits} %`;
}

/** `5 %`, `2.5 %`: limits as they were written. */
export function plainPercent(ratio: number): string {
  return `${Number((ratio * 100).toFixed(4))} %`;
}

/** `+16.3 % (15.6 to 17.0)`; with bounds of both signs `+0.4 % (−1.4 to +2.1)`. */
export function changeText(change: number | null, low: number | null, high: number | null): string {
  if (change === null) return '–';
  if (low === null || high === null) return signedPercent(change);
  const mixed = low < 0 || high < 0;
  const bound = (ratio: number): string => (mixed ? signedPercent(ratio).replace(' %', '') : percentDigits(ratio));
  return `${signedPercent(change)} (${bound(low)} to ${bound(high)})`;
}

/** `2 min 5 s`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
}

/** `5 minutes`, `3 hours`, `2 days`. */
export function ageText(milliseconds: number): string {
  const minutes = Math.max(0, milliseconds / 60_000);
  const of = (value: number, unit: string): string =>
    `${Math.floor(value)} ${unit}${Math.floor(value) === 1 ? '' : 's'}`;
  if (minutes < 1) return 'under a minute';
  if (minutes < 60) return of(minutes, 'minute');
  return minutes < 60 * 24 ? of(minutes / 60, 'hour') : of(minutes / 60 / 24, 'day');
}

/** `4.8 MB` of bytes (1 MB = 10^6, as disks and browsers count). */
export function bytesText(bytes: number): string {
  return bytes < 1e6 ? `${figure(bytes / 1e3)} kB` : `${figure(bytes / 1e6)} MB`;
}
