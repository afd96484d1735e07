import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request to AWS, as its permission is called, and what it was asked with. */
export interface Recorded {
  readonly action: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** What the account holds. */
export interface Account {
  /** `repository:tag` → digest. */
  readonly images: Readonly<Record<string, string>>;
  /** Functions of the stack; one that is asked what it is answers `describe`. */
  readonly functions: readonly string[];
}

const ACCOUNT_ID = '123456789012';

function xml(action: string, result: string): string {
  return `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`;
}

function member(fields: Readonly<Record<string, string>>): string {
  const inner = Object.entries(fields).map(([name, value]) => `<${name}>${value}</${name}>`);
  return `<member>${inner.join('')}</member>`;
}

/** STS, ECR, CloudFormation and Invoke, as far as deploy-runtimes.yml talks to them. Stacks come and go at once. */
export async function awsForDeploying(
  account: Account,
): Promise<{ readonly endpoint: string; readonly recorded: readonly Recorded[] } & AsyncDisposable> {
  const recorded: Recorded[] = [];
  let stack: string | null = null;

  function cloudFormation(action: string): { status: number; body: string } {
    if (action === 'ExecuteChangeSet') stack = 'CREATE_COMPLETE';
    if (action === 'DeleteStack') stack = null;
    if (action === 'DescribeStacks' && stack === null) {
      const error = '<Error><Code>ValidationError</Code><Message>Stack with id ayci does not exist</Message></Error>';
      return { status: 400, body: `<ErrorResponse>${error}</ErrorResponse>` };
    }
    const time = '2026-11-24T00:00:00Z';
    const results: Readonly<Record<string, string>> = {
      CreateChangeSet: '<Id>arn:aws:cloudformation:eu-west-1:1:changeSet/c/1</Id><StackId>s</StackId>',
      DescribeChangeSet: '<Status>CREATE_COMPLETE</Status>',
      DescribeStacks: `<Stacks>${member({ StackName: 'ayci', CreationTime: time, StackStatus: stack ?? '' })}</Stacks>`,
      ListStackResources: `<StackResourceSummaries>${account.functions
        .map((PhysicalResourceId) => member({ PhysicalResourceId, ResourceType: 'AWS::Lambda::Function' }))
        .join(
          '',
        )}${member({ PhysicalResourceId: '/aws/lambda/ayci-onnx', ResourceType: 'AWS::Logs::LogGroup' })}</StackResourceSummaries>`,
    };
    return { status: 200, body: xml(action, results[action] ?? '') };
  }

  function ecr(action: string, asked: Readonly<Record<string, unknown>>): object {
    if (action === 'GetAuthorizationToken') {
      const authorizationToken = Buffer.from('AWS:password').toString('base64');
      return { authorizationData: [{ authorizationToken, proxyEndpoint: 'https://registry.invalid' }] };
    }
    const [id] = asked.imageIds as readonly { readonly imageTag: string }[];
    const imageDigest = account.images[`${asked.repositoryName}:${id?.imageTag}`];
    if (imageDigest === undefined) return { images: [], failures: [{ imageId: id, failureCode: 'ImageNotFound' }] };
    return { images: [{ imageId: { ...id, imageDigest }, imageManifest: '{}' }], failures: [] };
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const [, target] = String(request.headers['x-amz-target'] ?? '').split('.');
      if (target !== undefined) {
        const asked = JSON.parse(text) as Readonly<Record<string, unknown>>;
        const parameters = Object.entries(asked).map(([name, value]) => [name, JSON.stringify(value)]);
        recorded.push({ action: `ecr:${target}`, parameters: Object.fromEntries(parameters) });
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
        response.end(JSON.stringify(ecr(target, asked)));
        return;
      }
      const [, name] = /\/functions\/([^/]+)\/invocations$/.exec(request.url ?? '') ?? [];
      if (name !== undefined) {
        recorded.push({ action: 'lambda:InvokeFunction', parameters: { FunctionName: name } });
        const { nonce } = JSON.parse(text) as { readonly nonce: string };
        const versions = { python: '3.13.0', onnxruntime: '1.32.0' };
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ protocol: 1, op: 'describe', nonce, environment: { versions } }));
        return;
      }
      const { Action = '', ...parameters } = Object.fromEntries(new URLSearchParams(text));
      const isSts = Action === 'GetCallerIdentity';
      recorded.push({ action: `${isSts ? 'sts' : 'cloudformation'}:${Action}`, parameters });
      const { status, body } = isSts
        ? { status: 200, body: xml(Action, `<Account>${ACCOUNT_ID}</Account>`) }
        : cloudFormation(Action);
      response.writeHead(status, { 'content-type': 'text/xml' });
      response.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    recorded,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
