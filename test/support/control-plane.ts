import type { FunctionConfiguration, GetFunctionResponse } from '@aws-sdk/client-lambda';
import { converterName, functionName } from '../../src/target/lambda/names.ts';
import type { Hardware } from '../../src/types/config.ts';

const IMAGE = '123456789012.dkr.ecr.eu-central-1.amazonaws.com/ayci/onnx';

/** A deployed function as GetFunction tells of it. */
export type Described = GetFunctionResponse & { readonly Configuration: FunctionConfiguration };

export interface DescribedOptions {
  readonly configuration?: Partial<FunctionConfiguration>;
  readonly tags?: Readonly<Record<string, string>>;
  /** 64 hexadecimal digits' worth: one letter is repeated. */
  readonly image?: string;
  readonly rest?: Partial<GetFunctionResponse>;
}

/** What AWS says of a healthy function of the stack `ayci`; `over` bends it. */
export function described(name: string, hardware: Hardware, memoryMb: number, over: DescribedOptions = {}): Described {
  const role = name.includes('-convert-') ? 'convert' : 'measure';
  const digest = (over.image ?? 'a').repeat(64).slice(0, 64);
  const { Configuration: _, ...rest } = over.rest ?? {};
  return {
    Configuration: {
      FunctionName: name,
      FunctionArn: `arn:aws:lambda:eu-central-1:123456789012:function:${name}`,
      Architectures: [hardware],
      MemorySize: memoryMb,
      Timeout: role === 'convert' ? 900 : 90,
      PackageType: 'Image',
      CodeSha256: digest,
      State: 'Active',
      LastUpdateStatus: 'Successful',
      ...over.configuration,
    },
    Code: { RepositoryType: 'ECR', ImageUri: `${IMAGE}:1`, ResolvedImageUri: `${IMAGE}@sha256:${digest}` },
    Tags: { 'ayci:stack': 'ayci', 'ayci:runtime': 'onnx', 'ayci:role': role, ...over.tags },
    ...rest,
  };
}

/** The functions of a stack: these sizes on this hardware, and a converter each. */
export function stackOf(hardware: readonly Hardware[], memoriesMb: readonly number[]): readonly Described[] {
  return hardware.flatMap((one) => [
    ...memoriesMb.map((memoryMb) => described(functionName('onnx', one, memoryMb), one, memoryMb)),
    described(converterName('onnx', one), one, 10_240, { image: 'c' }),
  ]);
}

/** An answer of the control plane. */
export interface ControlAnswer {
  readonly status: number;
  readonly body: unknown;
  /** Lambda's name of the error, where it is one. */
  readonly error?: string;
}

function refused(status: number, error: string, Message: string): ControlAnswer {
  return { status, error, body: { Type: 'User', Message } };
}

/**
 * Lambda's control plane over some functions: pages as AWS's, which a client has to follow to the end.
 * Names in `denied` are operations that the caller may not use.
 */
export class ControlPlane {
  readonly functions = new Map<string, Described>();
  /** Operations, in the order asked. */
  readonly asked: string[] = [];
  readonly denied = new Set<string>();
  page = 50;
  /** So many of the next requests are throttled. */
  throttled = 0;
  /** Null: not said. */
  unreserved: number | null = 1000;
  /** Called before a function is told of: it may change it. */
  onGet: (name: string) => void = () => undefined;

  constructor(functions: readonly Described[]) {
    for (const one of functions) this.functions.set(one.Configuration.FunctionName ?? '', one);
  }

  /** Changes what is told of a function. */
  set(name: string, configuration: Partial<FunctionConfiguration>): void {
    const one = this.functions.get(name);
    if (one === undefined) throw new Error(`no function ${name}`);
    this.functions.set(name, { ...one, Configuration: { ...one.Configuration, ...configuration } });
  }

  /** Null where the request is none of the control plane's. */
  answer(method: string, path: string, query: URLSearchParams): ControlAnswer | null {
    if (method !== 'GET') return null;
    if (path === '/2016-08-19/account-settings') return this.#ask('GetAccountSettings', () => this.#settings());
    if (/^\/2015-03-31\/functions\/?$/.test(path)) return this.#ask('ListFunctions', () => this.#list(query));
    const name = /^\/2015-03-31\/functions\/([^/]+)$/.exec(path)?.[1];
    return name === undefined ? null : this.#ask('GetFunction', () => this.#get(decodeURIComponent(name)));
  }

  #ask(operation: string, answer: () => ControlAnswer): ControlAnswer {
    this.asked.push(operation);
    if (this.throttled > 0) {
      this.throttled -= 1;
      return refused(429, 'TooManyRequestsException', 'Rate exceeded');
    }
    if (!this.denied.has(operation)) return answer();
    const who = 'arn:aws:sts::123456789012:assumed-role/ci/x';
    return refused(403, 'AccessDeniedException', `User: ${who} is not authorized to perform: lambda:${operation}`);
  }

  #settings(): ControlAnswer {
    const limit = this.unreserved === null ? {} : { UnreservedConcurrentExecutions: this.unreserved };
    return { status: 200, body: { AccountLimit: { ConcurrentExecutions: 1000, ...limit }, AccountUsage: {} } };
  }

  #list(query: URLSearchParams): ControlAnswer {
    const all = [...this.functions.values()].map((one) => one.Configuration);
    const from = Number(query.get('Marker') ?? 0);
    const size = Math.min(this.page, Number(query.get('MaxItems') ?? 50));
    const NextMarker = from + size < all.length ? String(from + size) : null;
    // The list does not tell the state of a function.
    const Functions = all.slice(from, from + size).map(({ State: _, LastUpdateStatus: __, ...rest }) => rest);
    return { status: 200, body: { Functions, NextMarker } };
  }

  #get(name: string): ControlAnswer {
    this.onGet(name);
    const one = this.functions.get(name);
    if (one === undefined) return refused(404, 'ResourceNotFoundException', `Function not found: ${name}`);
    return { status: 200, body: one };
  }
}
