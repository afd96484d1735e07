import type { Configuration } from '../types/config.ts';
import { type Prices, REQUEST_FEE } from './prices.ts';

/** USD per ms of run time at a configuration's memory; Lambda counts a GB as 1,024 MB. */
export function pricePerMs(config: Pick<Configuration, 'hardware' | 'memoryMb'>, prices: Prices): number {
  return ((config.memoryMb / 1024) * prices.perGbSecond[config.hardware]) / 1000;
}

/**
 * USD per million *items*: (latency · price + request fee) / batch. Latency is the mean of one inference; that Lambda
 * rounds each request up to a whole ms (half a ms on average) is left out: it is the same for both models.
 */
export function costPerMillionUsd(config: Configuration, meanMs: number, prices: Prices): number {
  return ((meanMs * pricePerMs(config, prices) + REQUEST_FEE) / config.batch) * 1e6;
}

/** USD of one invocation that Lambda billed for so long. */
export function invocationUsd(
  where: Pick<Configuration, 'hardware' | 'memoryMb'>,
  billedMs: number,
  prices: Prices,
): number {
  return billedMs * pricePerMs(where, prices) + REQUEST_FEE;
}

/** Items a second of one sandbox. */
export function throughputPerSecond(config: Configuration, meanMs: number): number {
  return (config.batch * 1000) / meanMs;
}

/** A change of latency as a change of cost at one configuration: (L(1+d)·r + fee) / (L·r + fee) − 1. */
export function costChange(config: Configuration, baselineMs: number, latencyChange: number, prices: Prices): number {
  const time = baselineMs * pricePerMs(config, prices);
  return (time * (1 + latencyChange) + REQUEST_FEE) / (time + REQUEST_FEE) - 1;
}

/** The paper's cost index (its Figure 5): (M / 2) · Latency(M) / Latency(2), M in GB; 1 is the cost at 2 GB. */
export function costIndex(memoryMb: number, meanMs: number, meanMsAt2048: number): number {
  return (memoryMb / 1024 / 2) * (meanMs / meanMsAt2048);
}
