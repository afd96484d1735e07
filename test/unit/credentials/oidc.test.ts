import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type OidcOptions, oidcCredentials } from '../../../src/credentials/index.ts';
import { AyciError, exitCodeOf, explain } from '../../../src/errors.ts';
import { type OidcIssuer, startOidcIssuer } from '../../support/oidc-issuer.ts';
import { type ScriptedSts, type StsRefusal, startScriptedSts } from '../../support/scripted-sts.ts';

const repository = { owner: 'octo-org', ownerId: '11', name: 'detector', id: '22' };
const ROLE = 'arn:aws:iam::123456789012:role/ayci-pull-request-22';
const clock = { now: () => performance.now(), date: () => new Date() };

let issuer: OidcIssuer;
let sts: ScriptedSts;
beforeAll(async () => {
  [issuer, sts] = await Promise.all([startOidcIssuer(), startScriptedSts()]);
});
afterAll(async () => {
  await issuer[Symbol.asyncDispose]();
  await sts[Symbol.asyncDispose]();
});

afterEach(() => {
  vi.unstubAllEnvs();
});

interface Made {
  readonly options: OidcOptions;
  readonly masked: string[];
  readonly tokens: string[];
}

function made(changed: Partial<OidcOptions> = {}): Made {
  const [masked, tokens]: [string[], string[]] = [[], []];
  const options: OidcOptions = {
    ...{ roleArn: ROLE, place: 'role-to-assume', region: 'eu-west-1', endpoint: sts.url, origin: 'repository', clock },
    sessionName: 'octo-org=detector@19000000001.1',
    idToken: async (audience) => {
      const token = await issuer.token({ repository, event: 'pull_request' }, { audience });
      tokens.push(token);
      return token;
    },
    mask: (secret) => masked.push(secret),
    ...changed,
  };
  return { options, masked, tokens };
}

async function failureOf(call: () => unknown): Promise<AyciError> {
  const thrown = await (async () => call())().then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(AyciError);
  return thrown as AyciError;
}

describe('credentials through OIDC', () => {
  it('gives STS the token, the role, the session and nothing else, and masks every secret', async () => {
    const before = sts.requests.length;
    const { options, masked, tokens } = made();
    const credentials = await oidcCredentials(options)();
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    expect(accessKeyId).toMatch(/^ASIA\d+$/);
    expect(credentials.expiration.getTime()).toBeGreaterThan(Date.now() + 50 * 60_000);
    expect(sts.requests.slice(before)).toEqual([
      {
        Action: 'AssumeRoleWithWebIdentity',
        Version: '2011-06-15',
        RoleArn: ROLE,
        RoleSessionName: 'octo-org=detector@19000000001.1',
        WebIdentityToken: tokens[0],
        DurationSeconds: '3600',
      },
    ]);
    expect(masked).toEqual([tokens[0], accessKeyId, secretAccessKey, sessionToken]);
  });

  it('go where AWS_ENDPOINT_URL_STS says, unless an endpoint is given', async () => {
    const before = sts.requests.length;
    vi.stubEnv('AWS_ENDPOINT_URL_STS', sts.url);
    const { endpoint: _, ...options } = made().options;
    await oidcCredentials(options)();
    expect(sts.requests.length - before).toBe(1);
  });

  it('asks once for callers at the same time', async () => {
    const before = sts.requests.length;
    const provider = oidcCredentials(made().options);
    const all = await Promise.all(Array.from({ length: 8 }, () => provider()));
    expect(new Set(all.map((one) => one.accessKeyId)).size).toBe(1);
    expect(sts.requests.length - before).toBe(1);
  });

  it('renews before the end, with a fresh token', async () => {
    let passed = 0;
    const moving = { now: () => passed, date: () => new Date(Date.now() + passed) };
    const { options, tokens } = made({ clock: moving });
    const provider = oidcCredentials(options);
    const first = await provider();
    passed = 39 * 60_000;
    expect(await provider()).toBe(first);
    passed = 41 * 60_000;
    expect((await provider()).accessKeyId).not.toBe(first.accessKeyId);
    expect(new Set(tokens).size).toBe(2);
  });

  it.each([
    ['an error of the service', { status: 500, code: 'InternalFailure', message: 'try again' }],
    ['a throttle', { status: 400, code: 'Throttling', message: 'Rate exceeded' }],
    ['an unreachable issuer', { status: 400, code: 'IDPCommunicationError', message: 'could not be reached' }],
    [
      'keys that could not be fetched',
      { status: 400, code: 'InvalidIdentityToken', message: "Couldn't retrieve verification key from your provider" },
    ],
  ])('gets over %s', async (_, refusal) => {
    const before = sts.requests.length;
    sts.answer(refusal);
    expect((await oidcCredentials(made().options)()).sessionToken).toMatch(/^token-/);
    expect(sts.requests.length - before).toBe(2);
  });
});

/** A failure's text, and that neither it nor anything that hangs on it holds the token or a secret. */
async function told(refusals: readonly StsRefusal[], changed: Partial<OidcOptions> = {}): Promise<string> {
  sts.answer(...refusals);
  const { options, tokens } = made(changed);
  const error = await failureOf(() => oidcCredentials(options)());
  expect(error.code).toBe('target');
  expect(exitCodeOf(error.code)).toBe(3);
  const everything = inspect(error, { depth: 20, showHidden: true });
  for (const token of tokens) expect(everything).not.toContain(token);
  for (const token of tokens) expect(everything).not.toContain(token.split('.')[2]);
  return explain(error);
}

describe('refusals of STS', () => {
  it('show what the token says and the line that the trust policy would need', async () => {
    const refusal = {
      status: 403,
      code: 'AccessDenied',
      message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity',
    };
    const text = await told([refusal]);
    expect(text).toMatch(
      /^role-to-assume: arn:aws:iam::123456789012:role\/ayci-pull-request-22 does not exist or does not trust/,
    );
    expect(text).toContain('sub "repo:octo-org/detector:pull_request", aud "sts.amazonaws.com", repository_id "22"');
    expect(text).toContain(`"${issuer.host}:sub": "repo:octo-org/detector:pull_request"`);
    expect(text).toContain('runtimes/bootstrap.yaml');
  });

  it('escape what the token says', async () => {
    const hostile = { ...repository, name: 'x\u001b[2J\n::set-output name=a::b\u202e' };
    const text = await told([{ status: 403, code: 'AccessDenied', message: 'no' }], {
      idToken: (audience) => issuer.token({ repository: hostile, event: 'pull_request' }, { audience }),
    });
    expect(text).toContain('x\\u001b[2J\\n::set-output name=a::b\\u202e');
    expect(text).toMatch(/^[ -~…]*$/);
  });

  it.each([
    [
      'a wrong audience',
      { status: 400, code: 'InvalidIdentityToken', message: 'Incorrect token audience' },
      [/does not take this audience, got "sts\.amazonaws\.com"/, /Add sts\.amazonaws\.com to the client IDs/],
    ],
    [
      'an unknown provider',
      {
        status: 400,
        code: 'InvalidIdentityToken',
        message: 'No OpenIDConnect provider found in your account for https://token.actions.githubusercontent.com',
      },
      [/account 123456789012 has no identity provider/, /Deploy runtimes\/bootstrap\.yaml in that account/],
    ],
    [
      'a forged token',
      { status: 400, code: 'InvalidIdentityToken', message: 'The ID Token provided is not a valid JWT.' },
      [/could not verify the token, got "The ID Token provided is not a valid JWT\."/],
    ],
    [
      'an expired token',
      { status: 400, code: 'ExpiredTokenException', message: 'Token expired: current date/time must be before' },
      [/took the token for expired, got one that ends at \d{4}-\d\d-\d\dT/, /set the clock/],
    ],
    [
      'a region without STS',
      { status: 403, code: 'RegionDisabledException', message: 'STS is not activated in this region' },
      [/switched off in this region, got eu-west-1/, /set aws-region/],
    ],
    ['a refusal without a code', { status: 403, code: '', message: '' }, [/does not exist or does not trust this run/]],
    [
      'anything else',
      { status: 400, code: 'ValidationError', message: 'The requested DurationSeconds exceeds the limit' },
      [/STS refused the request, got "400 ValidationError: The requested DurationSeconds exceeds/],
    ],
  ])('name cause and mend of %s', async (_, refusal, patterns) => {
    const text = await told([refusal]);
    for (const pattern of patterns) expect(text).toMatch(pattern);
  });

  it('never repeat the token, where STS does', async () => {
    let token = '';
    const idToken = async (audience: string) => {
      token = await issuer.token({ repository, event: 'pull_request' }, { audience });
      sts.answer({
        status: 400,
        code: 'ValidationError',
        message: `Value '${token}' at 'webIdentityToken' is too long`,
      });
      return token;
    };
    expect(await told([], { idToken })).toContain("Value '***' at 'webIdentityToken'");
    expect(token).not.toBe('');
  });

  it('tell of an STS that is not there', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await new Promise((resolve) => server.close(resolve));
    const text = await told([], { endpoint });
    expect(text).toMatch(/STS did not answer, got ".*ECONNREFUSED.*AWS_ENDPOINT_URL_STS/);
  });
});

describe('runs that get no token', () => {
  it.each([
    ['repository', /ACTIONS_ID_TOKEN_REQUEST_URL.*permissions: \{ id-token: write, contents: read \}/],
    ['fork', /pull request of a fork.*OIDC is not given to pull requests of forks: run `target: local`/],
    ['dependabot', /Dependabot's pull request.*run `target: local`/],
    ['outside', /outside GitHub Actions.*AWS_PROFILE/],
  ] as const)('are told why and what to do: %s', async (origin, pattern) => {
    const error = await failureOf(() => oidcCredentials(made({ idToken: null, origin }).options));
    expect(error.code).toBe('target');
    expect(explain(error)).toMatch(pattern);
  });

  it('are told of a wrong role first', async () => {
    const error = await failureOf(() => oidcCredentials(made({ idToken: null, roleArn: 'ayci' }).options));
    expect(error.code).toBe('bad-input');
  });

  it("are told what GitHub's token service said", async () => {
    const idToken = () => Promise.reject(new Error('Error message: Failed to get ID Token.\n Error Code : 503'));
    const text = await told([], { idToken });
    expect(text).toMatch(/token service gave no OIDC token, got "Error message: .*503".*githubstatus\.com/);
  });
});
