import type { InvocationReport } from '../../ports.ts';

/** What the platform says at the end of an invocation. */
export interface PlatformReport extends InvocationReport {
  /** `success`, `timeout`, `error`, `failure`; null where the text form leaves it out. */
  readonly status: string | null;
  readonly errorType: string | null;
  /** SnapStart: time in which the snapshot came back; what is billed of it is in `billedMs`. Null for any other start. */
  readonly restoreMs: number | null;
}

interface JsonReport {
  readonly type?: unknown;
  readonly record?: {
    readonly requestId?: unknown;
    readonly status?: unknown;
    readonly errorType?: unknown;
    readonly metrics?: Readonly<Record<string, unknown>>;
  };
}

function finite(value: unknown): number | null {
  const number = typeof value === 'string' ? Number.parseFloat(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

function build(
  figure: (name: 'duration' | 'billed' | 'size' | 'used' | 'init' | 'restore') => unknown,
  status: unknown,
  errorType: unknown,
): PlatformReport | null {
  const durationMs = finite(figure('duration'));
  const billedMs = finite(figure('billed'));
  const memoryMb = finite(figure('size'));
  const maxMemoryMb = finite(figure('used'));
  if (durationMs === null || billedMs === null || memoryMb === null || maxMemoryMb === null) return null;
  return {
    durationMs,
    billedMs,
    memoryMb,
    maxMemoryMb,
    initMs: finite(figure('init')),
    status: typeof status === 'string' ? status : null,
    errorType: typeof errorType === 'string' ? errorType : null,
    restoreMs: finite(figure('restore')),
  };
}

function parseText(line: string, requestId: string | undefined): PlatformReport | null {
  // An X-Ray line goes on after the tab; what isn't `name: value` is passed over.
  const fields = new Map<string, string>();
  for (const field of line.slice('REPORT '.length).split('\t')) {
    const colon = field.indexOf(': ');
    if (colon > 0) fields.set(field.slice(0, colon).trim(), field.slice(colon + 2).trim());
  }
  if (requestId !== undefined && fields.get('RequestId') !== requestId) return null;
  const names = {
    duration: 'Duration',
    billed: 'Billed Duration',
    size: 'Memory Size',
    used: 'Max Memory Used',
    init: 'Init Duration',
    restore: 'Restore Duration',
  };
  return build((name) => fields.get(names[name]), fields.get('Status'), fields.get('Error Type'));
}

function parseJson(line: string, requestId: string | undefined): PlatformReport | null {
  let json: JsonReport;
  try {
    json = JSON.parse(line) as JsonReport;
  } catch {
    return null;
  }
  const record = json?.record;
  if (json?.type !== 'platform.report' || record === undefined || record === null) return null;
  if (requestId !== undefined && record.requestId !== requestId) return null;
  const names = {
    duration: 'durationMs',
    billed: 'billedDurationMs',
    size: 'memorySizeMB',
    used: 'maxMemoryUsedMB',
    init: 'initDurationMs',
    restore: 'restoreDurationMs',
  };
  return build((name) => record.metrics?.[names[name]], record.status, record.errorType);
}

/**
 * The platform's report in a log tail, in the text or the JSON format; null where there is none.
 * The last one counts: a handler may print a line that looks like one. Where `requestId` is known, it has to match.
 */
export function parseReport(tail: string, requestId?: string): PlatformReport | null {
  for (const line of tail.split('\n').reverse()) {
    const text = line.trimStart();
    const report = text.startsWith('REPORT ')
      ? parseText(text, requestId)
      : text.startsWith('{')
        ? parseJson(text, requestId)
        : null;
    if (report !== null) return report;
  }
  return null;
}
