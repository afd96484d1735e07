import { afterEach, describe, expect, it, vi } from 'vitest';
import { idTokenOf } from '../../../src/github/identity.ts';
import { startOidcIssuer } from '../../support/oidc-issuer.ts';

const repository = { owner: 'octo-org', ownerId: '11', name: 'detector', id: '22' };

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("GitHub's token", () => {
  it('is asked for with its audience and masked in the log', async () => {
    await using issuer = await startOidcIssuer();
    for (const [name, value] of Object.entries(issuer.env)) vi.stubEnv(name, value);
    issuer.serve({ repository, event: 'push' });
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const token = await idTokenOf(issuer.env)?.('sts.amazonaws.com');
    const log = write.mock.calls.map(([chunk]) => String(chunk)).join('');
    write.mockRestore();
    expect(issuer.asked).toEqual(['sts.amazonaws.com']);
    expect(token?.split('.')).toHaveLength(3);
    expect(log).toContain(`::add-mask::${token}`);
    expect(log.replaceAll(`::add-mask::${token}`, '')).not.toContain(token);
  });

  it('is refused where the service refuses, with its status', async () => {
    await using issuer = await startOidcIssuer();
    for (const [name, value] of Object.entries(issuer.env)) vi.stubEnv(name, value);
    issuer.fail(403);
    await expect(idTokenOf(issuer.env)?.('sts.amazonaws.com')).rejects.toThrow(/403/);
  });

  it('is not asked for in a job without the permission', () => {
    expect(idTokenOf({})).toBeNull();
    expect(idTokenOf({ ACTIONS_ID_TOKEN_REQUEST_URL: '', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x' })).toBeNull();
    expect(idTokenOf({ ACTIONS_ID_TOKEN_REQUEST_URL: 'http://127.0.0.1/?' })).toBeNull();
  });
});
