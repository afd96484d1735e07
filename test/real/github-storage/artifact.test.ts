import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { uploadReport } from '../../../src/github/artifact.ts';
import { artifactName } from '../../../src/github/artifact-name.ts';
import { type ActionsResults, type Artifact, startActionsResults } from '../../support/actions-results.ts';
import { type Azurite, startAzurite } from '../../support/azurite.ts';
import { temporaryFolder } from '../../support/folder.ts';

const execute = promisify(execFile);
const RUN = 'https://github.com/o/r/actions/runs/77';
const IDENTITY = { tag: 'ayci', job: 'models', attempt: '1', of: ['m.onnx'] };

let azurite: Azurite;
let service: ActionsResults;
let temporary: Awaited<ReturnType<typeof temporaryFolder>>;
let env: Record<string, string>;

beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite[Symbol.asyncDispose]());

beforeEach(async () => {
  service = await startActionsResults(azurite);
  temporary = await temporaryFolder();
  env = {
    ...service.env({ run: 'run-77' }),
    ...{ GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'o/r', GITHUB_RUN_ID: '77' },
    ...{ GITHUB_WORKSPACE: temporary.path, RUNNER_TEMP: temporary.path },
  };
  apply();
  // The library tells the job's log what it does.
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  return async () => {
    vi.unstubAllEnvs();
    await service[Symbol.asyncDispose]();
    await temporary[Symbol.asyncDispose]();
  };
});

/** The library reads the process's environment. */
function apply(): void {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
}

async function reports(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const folder = join(temporary.path, 'ayci-report');
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

async function bytesOf(artifact: Artifact | undefined): Promise<Buffer> {
  const answer = await fetch(artifact?.url ?? 'no artifact');
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

/** What a browser would unpack: paths and contents. */
async function unzipped(artifact: Artifact | undefined): Promise<Record<string, string>> {
  const zip = join(temporary.path, `${artifact?.id}.zip`);
  const to = join(temporary.path, `unzipped-${artifact?.id}`);
  await writeFile(zip, await bytesOf(artifact));
  await execute('python3', ['-m', 'zipfile', '-e', zip, to]);
  const found = await readdir(to, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const contents = await Promise.all(
    files.map(async (path) => [path.slice(to.length + 1), await readFile(path, 'utf8')]),
  );
  return Object.fromEntries(contents);
}

describe('uploading a report', () => {
  it('gives one archive with all of it, and the page alone so that its link opens it', async () => {
    const folder = await reports({ 'report.json': '{}', 'report.md': '# r', 'report.html': '<p>r', 'other.txt': 'x' });
    const raw = join(temporary.path, 'run-1.json.gz');
    await writeFile(raw, 'samples');
    const name = artifactName(IDENTITY);

    const done = await uploadReport(folder, { name, env, raw: [raw], retentionDays: 5 });

    expect(done).toEqual({
      id: 1,
      url: `${RUN}/artifacts/1`,
      pageUrl: `${RUN}/artifacts/2`,
      warning: null,
    });
    const [archive, page] = service.artifacts;
    expect(archive?.name).toBe(name);
    expect(await unzipped(archive)).toEqual({
      'report.json': '{}',
      'report.md': '# r',
      'report.html': '<p>r',
      'raw/run-1.json.gz': 'samples',
    });
    expect(page).toMatchObject({ name: `ayci-page-${name.slice('ayci-report-'.length)}.html`, mimeType: 'text/html' });
    expect((await bytesOf(page)).toString()).toBe('<p>r');
    const days = (Date.parse(archive?.expiresAt ?? '') - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(5);
    expect((await readdir(temporary.path)).filter((entry) => entry.startsWith('ayci-upload-'))).toEqual([]);
  });

  it('uploads without a page where there is none', async () => {
    const folder = await reports({ 'report.json': '{}', 'report.md': '# r' });

    const done = await uploadReport(folder, { name: artifactName(IDENTITY), env });

    expect(done).toEqual({ id: 1, url: `${RUN}/artifacts/1`, pageUrl: null, warning: null });
    expect(service.artifacts).toHaveLength(1);
  });

  it('has a name of its own on a re-run and in another leg, in the same workflow run', async () => {
    const folder = await reports({ 'report.json': '{}', 'report.md': '# r' });
    const legs = [IDENTITY, { ...IDENTITY, attempt: '2' }, { ...IDENTITY, of: ['n.onnx'] }];
    for (const leg of legs) await uploadReport(folder, { name: artifactName(leg), env });

    expect(new Set(service.artifacts.map((one) => one.name))).toEqual(new Set(legs.map(artifactName)));
    expect(service.called.filter((method) => method.endsWith('CreateArtifact'))).toHaveLength(3);
  });

  it('takes another name where the run has one of that name already', async () => {
    const folder = await reports({ 'report.json': '{"first":1}', 'report.md': '# r', 'report.html': '<p>' });
    const name = artifactName(IDENTITY);
    await uploadReport(folder, { name, env });
    await reports({ 'report.json': '{"second":2}' });

    const again = await uploadReport(folder, { name, env });

    expect(again).toMatchObject({ url: `${RUN}/artifacts/3`, pageUrl: `${RUN}/artifacts/4`, warning: null });
    expect(service.artifacts.map((one) => one.name.replace(/^ayci-(report|page)-/, ''))).toEqual([
      name.slice(12),
      `${name.slice(12)}.html`,
      `${name.slice(12)}.2`,
      `${name.slice(12)}.2.html`,
    ]);
    expect((await unzipped(service.artifacts[0]))['report.json']).toBe('{"first":1}');
    expect((await unzipped(service.artifacts[2]))['report.json']).toBe('{"second":2}');
  });

  it('gives up where five of that name are there', async () => {
    const folder = await reports({ 'report.json': '{}', 'report.md': '# r' });
    const name = artifactName(IDENTITY);
    for (let at = 0; at < 5; at += 1) await uploadReport(folder, { name, env });

    const sixth = await uploadReport(folder, { name, env });

    expect(sixth).toMatchObject({ id: null, url: null, pageUrl: null });
    expect(sixth.warning).toMatch(/^The report could not be uploaded as an artifact: .*\(409\).*already exists/);
    expect(service.artifacts).toHaveLength(5);
  });

  it('sends a large file in parts, whole', async () => {
    const samples = randomBytes(30_000_000);
    const folder = await reports({ 'report.json': '{}', 'report.md': '# r', 'report.html': samples });

    const done = await uploadReport(folder, { name: artifactName(IDENTITY), env });

    expect(done.warning).toBeNull();
    const digest = createHash('sha256').update(samples).digest('hex');
    const page = service.artifacts[1];
    expect(page).toMatchObject({ size: samples.length, hash: `sha256:${digest}` });
    expect(
      createHash('sha256')
        .update(await bytesOf(page))
        .digest('hex'),
    ).toBe(digest);
  });

  it('hands out nothing that a link in the report folder points to', async () => {
    const secret = join(temporary.path, 'credentials');
    await writeFile(secret, 'secret');
    const folder = await reports({ 'report.json': '{}', 'report.md': '# r' });
    await symlink(secret, join(folder, 'report.html'));
    expect((await stat(join(folder, 'report.html'))).isFile()).toBe(true);

    const done = await uploadReport(folder, { name: artifactName(IDENTITY), env });

    expect(done).toMatchObject({ pageUrl: null, warning: null });
    expect(await unzipped(service.artifacts[0])).toEqual({ 'report.json': '{}', 'report.md': '# r' });
  });
});

describe('without an artifact service', () => {
  it('warns on an Enterprise Server, and asks for nothing', async () => {
    const folder = await reports({ 'report.json': '{}', 'report.md': '# r' });
    env.GITHUB_SERVER_URL = 'https://github.example.com';
    apply();

    const done = await uploadReport(folder, { name: artifactName(IDENTITY), env });

    expect(done).toMatchObject({ id: null, url: null, pageUrl: null });
    expect(done.warning).toMatch(/^The report was not uploaded: GitHub Enterprise Server .*upload-artifact@v3\.$/);
    expect(service.called).toEqual([]);
  });

  it('warns where the runner offers none', async () => {
    const folder = await reports({ 'report.json': '{}', 'report.md': '# r' });

    const done = await uploadReport(folder, { name: artifactName(IDENTITY), env: { RUNNER_TEMP: temporary.path } });

    expect(done.warning).toContain('ACTIONS_RESULTS_URL and ACTIONS_RUNTIME_TOKEN are not set');
  });

  it('warns where there is no report, and asks for nothing', async () => {
    const folder = join(temporary.path, 'none');
    const done = await uploadReport(folder, { name: artifactName(IDENTITY), env });
    expect(done).toMatchObject({ id: null, url: null, pageUrl: null });
    expect(done.warning).toBe(`The report was not uploaded: there is none in "${folder}".`);
    expect(service.called).toEqual([]);
  });

  it('warns where it does not answer', async () => {
    const folder = await reports({ 'report.json': '{}', 'report.md': '# r' });
    await service[Symbol.asyncDispose]();

    const done = await uploadReport(folder, { name: artifactName(IDENTITY), env });

    expect(done).toMatchObject({ id: null, url: null, pageUrl: null });
    expect(done.warning).toMatch(
      /^The report could not be uploaded as an artifact: .*ECONNREFUSED.* Run the job again/,
    );
  });

  it('says what mends a full quota', async () => {
    const folder = await reports({ 'report.json': '{}', 'report.md': '# r' });
    service.fail(403, 'insufficient usage to create artifact');

    const done = await uploadReport(folder, { name: artifactName(IDENTITY), env });

    expect(done.warning).toMatch(/quota has been hit.* Delete old artifacts, or keep them for fewer days\.$/);
  });

  it('warns where the storage refuses the file, without the signature of its address', async () => {
    const folder = await reports({ 'report.json': '{}', 'report.md': '# r' });
    service.before('ArtifactService/CreateArtifact', async () => service.forge());

    const done = await uploadReport(folder, { name: artifactName(IDENTITY), env });

    expect(done).toMatchObject({ id: null, url: null });
    expect(done.warning).toMatch(/^The report could not be uploaded as an artifact: /);
    expect(done.warning).not.toMatch(/sig=|Zm9yZ2Vk/);
    expect(service.artifacts[0]?.size).toBeNull();
  });

  it('keeps the link of the report where only its page cannot be uploaded', async () => {
    const folder = await reports({ 'report.json': '{}', 'report.md': '# r', 'report.html': '<p>' });
    service.before('ArtifactService/FinalizeArtifact', async () => {
      service.before('ArtifactService/CreateArtifact', async () => service.fail(400));
    });

    const done = await uploadReport(folder, { name: artifactName(IDENTITY), env });

    expect(done).toMatchObject({ id: 1, url: `${RUN}/artifacts/1`, pageUrl: null });
    expect(done.warning).toMatch(/^report\.html could not be uploaded as an artifact: .*\(400\)/);
  });
});
