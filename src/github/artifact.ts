import { lstat, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { visible } from '../report/escape.ts';
import { pageName } from './artifact-name.ts';

export interface UploadOptions {
  /** By `artifactName`; `.2` and so on is added where the run has one of that name. */
  readonly name: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Days; GitHub's own default where none is given, and never more than the repository allows. */
  readonly retentionDays?: number;
  /** Files of raw samples, kept under `raw/`. */
  readonly raw?: readonly string[];
}

/** What became of an upload. It never throws: a report that is not uploaded changes no verdict. */
export interface Uploaded {
  readonly id: number | null;
  /** Page of GitHub where the report can be downloaded. */
  readonly url: string | null;
  /** Page of GitHub that shows `report.html`. */
  readonly pageUrl: string | null;
  /** What could not be uploaded, why, and what mends it. */
  readonly warning: string | null;
}

const REPORTS = ['report.json', 'report.md', 'report.html'];
/** Steps of one job with the same inputs. */
const SAME_NAMES = 5;

/** Regular files alone: a link that a checkout left in the report folder would hand out what it points to. */
async function isFile(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** Whether GitHub is an Enterprise Server of one's own, by GITHUB_SERVER_URL. */
export function isEnterpriseServer(server: string | undefined): boolean {
  if (server === undefined || server === '') return false;
  const host = URL.canParse(server) ? new URL(server).hostname : server;
  return host !== 'github.com' && !/\.(ghe\.com|localhost)$/.test(host);
}

function shown(folder: string): string {
  return visible(JSON.stringify(folder));
}

/** Why nothing can be uploaded here, or null. */
function unavailable(env: UploadOptions['env'], folder: string): string | null {
  if (isEnterpriseServer(env.GITHUB_SERVER_URL)) {
    return `The report was not uploaded: GitHub Enterprise Server does not take artifacts of this version. Upload ${shown(folder)} with actions/upload-artifact@v3.`;
  }
  if (!env.ACTIONS_RESULTS_URL || !env.ACTIONS_RUNTIME_TOKEN) {
    return `The report was not uploaded: this runner offers no artifact service (ACTIONS_RESULTS_URL and ACTIONS_RUNTIME_TOKEN are not set). It is in ${shown(folder)}.`;
  }
  return null;
}

/** One line; addresses lose their query, which may hold a signature. */
function said(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return visible((message.split('\n')[0] ?? '').replace(/\?[^\s'"]*=[^\s'"]*/g, '?…').replace(/\.$/, ''), 300);
}

function failure(what: string, thrown: unknown): string {
  const mend = /quota/i.test(said(thrown))
    ? 'Delete old artifacts, or keep them for fewer days.'
    : 'Run the job again; githubstatus.com tells whether Actions works.';
  return `${what} could not be uploaded as an artifact: ${said(thrown)}. ${mend}`;
}

async function uploadNamed(
  names: (again: string) => string,
  upload: (name: string) => Promise<{ readonly id?: number }>,
): Promise<number> {
  for (let at = 1; ; at += 1) {
    try {
      const { id } = await upload(names(at === 1 ? '' : `.${at}`));
      if (id === undefined) throw new Error('the service gave it no number');
      return id;
    } catch (thrown) {
      const taken = thrown instanceof Error && thrown.message.includes('(409)');
      if (!taken || at === SAME_NAMES) throw thrown;
    }
  }
}

/**
 * Uploads the reports of `folder` as one artifact, and `report.html` alone beside it so that its link opens it. Files
 * are read as they are sent: their size does not matter.
 */
export async function uploadReport(folder: string, options: UploadOptions): Promise<Uploaded> {
  const { env, name, retentionDays } = options;
  const why = unavailable(env, folder);
  if (why !== null) return { id: null, url: null, pageUrl: null, warning: why };
  const run = `${env.GITHUB_SERVER_URL || 'https://github.com'}/${env.GITHUB_REPOSITORY}/actions/runs/${env.GITHUB_RUN_ID}`;
  const kept = retentionDays === undefined ? {} : { retentionDays };
  const result = { id: null as number | null, pageUrl: null as string | null };
  const done = (warning: string | null): Uploaded => ({
    ...result,
    url: result.id === null ? null : `${run}/artifacts/${result.id}`,
    warning,
  });
  let doing = 'The report';
  let made: string | null = null;
  try {
    const stage = await mkdtemp(join(env.RUNNER_TEMP || tmpdir(), 'ayci-upload-'));
    made = stage;
    const files = await staged(stage, folder, options.raw ?? []);
    if (files.length === 0) return done(`The report was not uploaded: there is none in ${shown(folder)}.`);
    const { DefaultArtifactClient } = await import('@actions/artifact');
    const client = new DefaultArtifactClient();
    result.id = await uploadNamed(
      (again) => `${name}${again}`,
      (as) => client.uploadArtifact(as, [...files], stage, kept),
    );
    const page = join(folder, 'report.html');
    if (!(await isFile(page))) return done(null);
    doing = 'report.html';
    const id = await uploadNamed(
      (again) => pageName(`${name}${again}`),
      async (as) => {
        // A file that is sent as it is gives the artifact its name.
        const link = join(stage, as);
        await symlink(resolve(page), link);
        return client.uploadArtifact(as, [link], stage, { ...kept, skipArchive: true });
      },
    );
    result.pageUrl = `${run}/artifacts/${id}`;
    return done(null);
  } catch (thrown) {
    return done(failure(doing, thrown));
  } finally {
    if (made !== null) await rm(made, { recursive: true, force: true });
  }
}

/** Links to the files, laid out as the artifact has them: nothing is copied. */
async function staged(stage: string, folder: string, raw: readonly string[]): Promise<readonly string[]> {
  const wanted = [
    ...REPORTS.map((name) => ({ source: join(folder, name), name })),
    ...raw.map((source) => ({ source, name: join('raw', basename(source)) })),
  ];
  const links: string[] = [];
  for (const { source, name } of wanted) {
    const link = join(stage, name);
    if (links.includes(link) || !(await isFile(source))) continue;
    await mkdir(join(stage, name, '..'), { recursive: true });
    await symlink(resolve(source), link);
    links.push(link);
  }
  return links;
}
