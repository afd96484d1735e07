import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type PolicyDocument, several } from '../../support/iam.ts';
import { resolveTemplate } from '../../support/template.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The permission that each of the SDK's commands takes, by AWS's service authorization reference. */
const PERMISSION: Readonly<Record<string, readonly string[]>> = {
  AssumeRoleWithWebIdentityCommand: [], // needs no permission: the role's trust policy decides
  GetCallerIdentityCommand: [], // always allowed
  ListFunctionsCommand: ['lambda:ListFunctions'],
  GetFunctionCommand: ['lambda:GetFunction', 'lambda:ListTags'],
  GetAccountSettingsCommand: ['lambda:GetAccountSettings'],
  InvokeCommand: ['lambda:InvokeFunction'],
  GetObjectCommand: ['s3:GetObject'],
  HeadObjectCommand: ['s3:GetObject'],
  HeadBucketCommand: ['s3:ListBucket'],
  PutObjectCommand: ['s3:PutObject'],
  // Multipart upload: create, parts and completion are s3:PutObject.
  Upload: ['s3:PutObject', 's3:AbortMultipartUpload'],
};
/** Allowed and called by no code. */
const UNCALLED: Readonly<Record<string, string>> = {
  's3:ListBucket': 'without it a missing object is 403 and not 404',
};

function commands(): ReadonlySet<string> {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const found = files.flatMap((name) => {
    const text = readFileSync(join(root, 'src', name), 'utf8');
    return [...text.matchAll(/\bnew (?:\w+\.)*(\w+Command|Upload)\b\s*[(<]/g)].map(([, command = '']) => command);
  });
  return new Set(found);
}

describe('the runner’s calls and the roles’ policies', () => {
  const { resources } = resolveTemplate(join(root, 'runtimes/bootstrap.yaml'), {
    Repositories: 'octo-org/detector@11@22',
  });
  const allowed = (id: string): readonly string[] => {
    const policies = (resources[id]?.Properties.Policies ?? []) as unknown as { PolicyDocument: PolicyDocument }[];
    const statements = policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
    return [...new Set(statements.flatMap(({ Action }) => several(Action)))].sort();
  };
  const called = commands();

  it('are known to this test, each', () => {
    expect(called.size).toBeGreaterThan(0);
    for (const command of called) expect(Object.keys(PERMISSION), command).toContain(command);
  });

  it.each(['PullRequestRoleoctoorgdetector1122', 'BaseRoleoctoorgdetector1122'])(
    '%s allows each call, and nothing that no code calls but with a reason',
    (id) => {
      const needed = [...called].flatMap((command) => PERMISSION[command] ?? []);
      expect(allowed(id)).toEqual([...new Set([...needed, ...Object.keys(UNCALLED)])].sort());
    },
  );
});
