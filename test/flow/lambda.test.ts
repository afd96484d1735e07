import { expect, test } from 'vitest';
import type { Target, Where } from '../../src/ports.ts';
import type { ConvertRequest } from '../../src/types/protocol.ts';
import { described, stackOf } from '../support/control-plane.ts';
import { FaultLambda } from '../support/fault-lambda.ts';
import { measureRequest, targetOf } from '../support/lambda-target.ts';

const WHERE: Where = { framework: 'onnx', hardware: 'arm64', memoryMb: 1769 };
const NAME = 'ayci-onnx-arm64-1769';
const CONFIG = { hardware: 'arm64', memoryMb: 1769, optimizer: 'onnx' } as const;
const signal = new AbortController().signal;

function strangers(count: number) {
  return Array.from({ length: count }, (_, at) => described(`payments-${at}`, 'x86_64', 128));
}

async function withTarget<T>(target: Target, work: (target: Target) => Promise<T>): Promise<T> {
  try {
    return await work(target);
  } finally {
    await target.close();
  }
}

test('the functions of a stack are found among others, on whichever page they are', async () => {
  const functions = [
    ...strangers(60),
    ...stackOf(['x86_64'], [512, 1769]),
    ...strangers(3),
    ...stackOf(['arm64'], [1769]),
  ];
  await using lambda = await FaultLambda.start({ functions });
  lambda.control.page = 7;
  await withTarget(await targetOf(lambda.endpoint), async ({ facts }) => {
    expect(facts.hardware).toEqual(['x86_64', 'arm64']);
    expect(facts.unavailable('onnx', CONFIG)).toBeNull();
    expect(facts.unavailable('onnx', { ...CONFIG, memoryMb: 512 })).toMatch(/^ayci-onnx-arm64-512 is not deployed/);
  });
  const asked = (operation: string): number => lambda.control.asked.filter((one) => one === operation).length;
  expect([asked('ListFunctions'), asked('GetFunction'), asked('GetAccountSettings')]).toEqual([
    Math.ceil(68 / 7),
    5,
    1,
  ]);
  expect(lambda.calls).toEqual([]);
});

test('where nothing is deployed one error says so, and what is first to do', async () => {
  await using lambda = await FaultLambda.start({ functions: strangers(2) });
  await expect(targetOf(lambda.endpoint)).rejects.toMatchObject({
    code: 'target',
    message: 'stack "ayci": no runtime is deployed in eu-central-1; none of 2 functions is one',
    hint: expect.stringMatching(/docs\/aws\.md/),
  });
});

test('another stack’s functions are named and not used', async () => {
  await using lambda = await FaultLambda.start({ functions: stackOf(['arm64'], [1769]) });
  await expect(targetOf(lambda.endpoint, { stack: 'blue' })).rejects.toMatchObject({
    code: 'target',
    message: expect.stringMatching(/^stack "blue": .* there are those of stack "ayci"$/),
  });
});

test.each(['ListFunctions', 'GetFunction', 'GetAccountSettings'])(
  'without lambda:%s the error names it',
  async (operation) => {
    await using lambda = await FaultLambda.start({ functions: stackOf(['arm64'], [1769]) });
    lambda.control.denied.add(operation);
    await expect(targetOf(lambda.endpoint)).rejects.toMatchObject({
      code: 'target',
      message: expect.stringMatching(
        new RegExp(`^${operation} in eu-central-1: the request failed: AccessDeniedException`),
      ),
      hint: expect.stringContaining(`Allow lambda:${operation} `),
    });
  },
);

test('without lambda:ListTags the tags are missing, and the error names it', async () => {
  const rest = { Tags: {}, TagsError: { ErrorCode: 'AccessDeniedException', Message: 'not authorized' } };
  await using lambda = await FaultLambda.start({ functions: [described(NAME, 'arm64', 1769, { rest })] });
  await expect(targetOf(lambda.endpoint)).rejects.toMatchObject({
    code: 'target',
    message: expect.stringMatching(/its tags could not be read: AccessDeniedException: not authorized$/),
    hint: expect.stringContaining('Allow lambda:ListTags'),
  });
});

test('a control plane that throttles is asked again', async () => {
  await using lambda = await FaultLambda.start({ functions: stackOf(['arm64'], [1769]) });
  lambda.control.throttled = 2;
  await withTarget(await targetOf(lambda.endpoint), async ({ facts }) => {
    expect(facts.unavailable('onnx', CONFIG)).toBeNull();
  });
});

test('an aborted search ends as interrupted', async () => {
  await using lambda = await FaultLambda.start({ functions: stackOf(['arm64'], [1769]) });
  const controller = new AbortController();
  lambda.control.onGet = () => controller.abort();
  await expect(targetOf(lambda.endpoint, { signal: controller.signal })).rejects.toMatchObject({ code: 'interrupted' });
});

test('a region that cannot be reached is said', async () => {
  const gone = await FaultLambda.start({ functions: [] });
  const { endpoint } = gone;
  await gone[Symbol.asyncDispose]();
  await expect(targetOf(endpoint)).rejects.toMatchObject({
    code: 'target',
    message: expect.stringMatching(/ECONNREFUSED/),
    hint: expect.stringMatching(/Check the region/),
  });
});

test('a function that Lambda has put aside is woken and waited for', async () => {
  await using lambda = await FaultLambda.start({
    functions: stackOf(['arm64'], [1769]),
    fault: (index) => (index === 0 ? 'conflict' : null),
  });
  lambda.control.set(NAME, { State: 'Inactive' });
  await withTarget(await targetOf(lambda.endpoint), async (target) => {
    let looks = 0;
    lambda.control.onGet = (name) => {
      if (name !== NAME) return;
      looks += 1;
      if (lambda.calls.length > 0) lambda.control.set(NAME, { State: looks > 3 ? 'Active' : 'Pending' });
    };
    await target.prepare([{ ...WHERE, op: 'measure' }], signal);
    expect(lambda.calls.length).toBeGreaterThan(0);
    expect(looks).toBeGreaterThan(3);
    const asked = lambda.control.asked.length;
    await target.prepare([{ ...WHERE, op: 'measure' }], signal);
    expect(lambda.control.asked).toHaveLength(asked);
    expect(await target.invoke(WHERE, async () => measureRequest(), signal)).toMatchObject({ ok: true });
  });
});

test.each([
  ['Pending', { State: 'Pending' }],
  ['being updated', { LastUpdateStatus: 'InProgress' }],
] as const)('one that is %s is waited for, without a request', async (_, configuration) => {
  await using lambda = await FaultLambda.start({ functions: stackOf(['arm64'], [1769]) });
  lambda.control.set(NAME, configuration);
  await withTarget(await targetOf(lambda.endpoint), async (target) => {
    let looks = 0;
    lambda.control.onGet = () => {
      looks += 1;
      if (looks > 2) lambda.control.set(NAME, { State: 'Active', LastUpdateStatus: 'Successful' });
    };
    await target.prepare([{ ...WHERE, op: 'measure' }], signal);
    expect([looks, lambda.calls.length]).toEqual([3, 0]);
  });
});

test.each([
  ['fails', { State: 'Failed', StateReason: 'the image is gone' }, /is Failed: the image is gone$/],
  [
    'cannot be updated',
    { State: 'Active', LastUpdateStatus: 'Failed', LastUpdateStatusReason: 'denied' },
    /could not be updated: denied$/,
  ],
] as const)('one that %s while it is waited for is a failure of its cells', async (_, configuration, message) => {
  await using lambda = await FaultLambda.start({ functions: stackOf(['arm64'], [1769]) });
  lambda.control.set(NAME, { State: 'Pending' });
  await withTarget(await targetOf(lambda.endpoint), async (target) => {
    lambda.control.onGet = () => lambda.control.set(NAME, configuration);
    await target.prepare([{ ...WHERE, op: 'measure' }], signal);
    const failed = await target.invoke(WHERE, async () => measureRequest(), signal);
    expect(failed).toMatchObject({ ok: false, failure: { message: expect.stringMatching(message) } });
    expect(lambda.calls).toEqual([]);
  });
});

test('one whose image changes while it is waited for is not measured under the old one', async () => {
  const functions = stackOf(['arm64'], [1769]);
  await using lambda = await FaultLambda.start({ functions });
  lambda.control.set(NAME, { LastUpdateStatus: 'InProgress' });
  await withTarget(await targetOf(lambda.endpoint), async (target) => {
    lambda.control.onGet = () => lambda.control.functions.set(NAME, described(NAME, 'arm64', 1769, { image: 'b' }));
    await target.prepare([{ ...WHERE, op: 'measure' }], signal);
    const failed = await target.invoke(WHERE, async () => measureRequest(), signal);
    expect(failed).toMatchObject({
      ok: false,
      failure: { message: expect.stringMatching(/another image .*run again/) },
    });
  });
});

test('conversions are sent as events to the converter', async () => {
  await using lambda = await FaultLambda.start({ functions: stackOf(['arm64'], [1769]) });
  await withTarget(await targetOf(lambda.endpoint), async (target) => {
    const request = { ...measureRequest(), op: 'convert' } as unknown as ConvertRequest;
    expect(await target.submit({ ...WHERE, memoryMb: 10_240 }, async () => request, signal)).toBeNull();
    expect(lambda.calls).toMatchObject([
      { functionName: 'ayci-onnx-convert-arm64', event: true, nonce: request.nonce },
    ]);
  });
});

test('more requests than the platform takes are all answered, with few refusals', async () => {
  await using lambda = await FaultLambda.start({ functions: stackOf(['arm64'], [1769]), cap: 5, serviceMs: 20 });
  lambda.control.unreserved = 40;
  await withTarget(await targetOf(lambda.endpoint), async (target) => {
    const all = Array.from({ length: 120 }, () => target.invoke(WHERE, async () => measureRequest(), signal));
    const answers = await Promise.all(all);
    expect(answers.filter((one) => one.ok)).toHaveLength(120);
    expect(lambda.highest).toBe(5);
    const refused = lambda.calls.filter((call) => !call.ran).length;
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(120);
  });
});

test('a clock that is an hour off is set by the service’s own, for reading and for invoking', async () => {
  await using lambda = await FaultLambda.start({ functions: stackOf(['arm64'], [1769]), aheadMs: 3_600_000 });
  await withTarget(await targetOf(lambda.endpoint), async (target) => {
    const answers = await Promise.all([1, 2].map(() => target.invoke(WHERE, async () => measureRequest(), signal)));
    expect(answers.map((one) => one.ok)).toEqual([true, true]);
    expect(lambda.calls).toHaveLength(2);
  });
});

test('credentials that the service calls ended are asked for anew', async () => {
  let given = 0;
  const credentials = async () => {
    given += 1;
    return { accessKeyId: `x${given}`, secretAccessKey: 'x', expiration: new Date(Date.now() + 3_600_000) };
  };
  let invokes = 0;
  const fault = () => {
    invokes += 1;
    return invokes === 1 ? ('expired-token' as const) : null;
  };
  await using lambda = await FaultLambda.start({ functions: stackOf(['arm64'], [1769]), fault });
  await withTarget(await targetOf(lambda.endpoint, { credentials }), async (target) => {
    const before = given;
    expect(await target.invoke(WHERE, async () => measureRequest(), signal)).toMatchObject({ ok: true });
    expect(given - before).toBe(2);
  });
});

test('credentials that stay ended end the run, with the mend', async () => {
  await using lambda = await FaultLambda.start({ functions: stackOf(['arm64'], [1769]), fault: () => 'expired-token' });
  await withTarget(await targetOf(lambda.endpoint), async (target) => {
    await expect(target.invoke(WHERE, async () => measureRequest(), signal)).rejects.toMatchObject({
      code: 'target',
      hint: expect.stringMatching(/Renew the credentials/),
    });
    expect(lambda.calls).toHaveLength(2);
  });
});

test('a request that cannot be made ends with its own error, and its place is free', async () => {
  await using lambda = await FaultLambda.start({ functions: stackOf(['arm64'], [1769]) });
  lambda.control.unreserved = 1;
  await withTarget(await targetOf(lambda.endpoint), async (target) => {
    const reason = new Error('no URL could be signed');
    await expect(target.invoke(WHERE, () => Promise.reject(reason), signal)).rejects.toBe(reason);
    expect(await target.invoke(WHERE, async () => measureRequest(), signal)).toMatchObject({ ok: true });
  });
});

test('aborting ends requests that run and those that wait', async () => {
  await using lambda = await FaultLambda.start({ functions: stackOf(['arm64'], [1769]), fault: () => 'silence' });
  lambda.control.unreserved = 2;
  await withTarget(await targetOf(lambda.endpoint), async (target) => {
    const controller = new AbortController();
    const all = [1, 2, 3, 4].map(() => target.invoke(WHERE, async () => measureRequest(), controller.signal));
    const ended = Promise.all(all.map((one) => expect(one).rejects.toMatchObject({ code: 'interrupted' })));
    while (lambda.calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort();
    await ended;
    expect(lambda.calls).toHaveLength(2);
  });
});
