import { AyciError } from '../errors.ts';
import type { Hardware } from '../types/config.ts';

/** When the table below was read from AWS's Lambda pricing page (first tier, on demand, no savings plan). */
export const PRICE_DATE = '2026-11';

/** USD a request. */
export const REQUEST_FEE = 0.2 / 1e6;

type PerGbSecond = Readonly<Record<Hardware, number>>;

const STANDARD: PerGbSecond = { x86_64: 0.0000166667, arm64: 0.0000133334 };

/** USD per GB-second, by region. */
export const PRICES: Readonly<Record<string, PerGbSecond>> = {
  'af-south-1': { x86_64: 0.0000221, arm64: 0.00001768 },
  'ap-east-1': { x86_64: 0.00002292, arm64: 0.0000183 },
  'ap-northeast-1': STANDARD,
  'ap-northeast-2': STANDARD,
  'ap-northeast-3': STANDARD,
  'ap-south-1': STANDARD,
  'ap-southeast-1': STANDARD,
  'ap-southeast-2': STANDARD,
  'ca-central-1': STANDARD,
  'eu-central-1': STANDARD,
  'eu-north-1': STANDARD,
  'eu-south-1': { x86_64: 0.0000195172, arm64: 0.0000156138 },
  'eu-west-1': STANDARD,
  'eu-west-2': STANDARD,
  'eu-west-3': STANDARD,
  'me-central-1': { x86_64: 0.0000206667, arm64: 0.0000165334 },
  'me-south-1': { x86_64: 0.0000206667, arm64: 0.0000165334 },
  'sa-east-1': STANDARD,
  'us-east-1': STANDARD,
  'us-east-2': STANDARD,
  'us-west-1': STANDARD,
  'us-west-2': STANDARD,
};

/** Prices of one region. */
export interface Prices {
  readonly region: string;
  readonly perGbSecond: PerGbSecond;
}

/** @throws AyciError `bad-input` for a region without a known price */
export function pricesOf(region: string, place: string): Prices {
  const perGbSecond = Object.hasOwn(PRICES, region) ? PRICES[region] : undefined;
  if (perGbSecond === undefined) {
    throw new AyciError(
      'bad-input',
      `${place}: has no known Lambda prices, got ${JSON.stringify(region.slice(0, 80))}; expected one of ${Object.keys(PRICES).join(', ')}`,
    );
  }
  return { region, perGbSecond };
}
