import { type Fields, isFields, type Value } from './template-read.ts';

/** CloudFormation's own parameters, for an account that does not exist. */
export const PSEUDO: Fields = {
  'AWS::AccountId': '123456789012',
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-west-1',
  'AWS::StackName': 'ayci',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** What `Ref` and `Fn::GetAtt X.Arn` give: the property that names the resource, and its ARN around that name. */
const NAMED: Readonly<Record<string, { readonly name: string; readonly arn: string }>> = {
  'AWS::S3::Bucket': { name: 'BucketName', arn: 'arn:aws:s3:::NAME' },
  'AWS::IAM::Role': { name: 'RoleName', arn: 'arn:aws:iam::ACCOUNT:role/NAME' },
  'AWS::Lambda::Function': { name: 'FunctionName', arn: 'arn:aws:lambda:REGION:ACCOUNT:function:NAME' },
  'AWS::Logs::LogGroup': { name: 'LogGroupName', arn: 'arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*' },
  'AWS::ECR::Repository': { name: 'RepositoryName', arn: 'arn:aws:ecr:REGION:ACCOUNT:repository/NAME' },
};

/** Resources whose `Ref` is an ARN of CloudFormation's making. */
const REF_IS_ARN: Readonly<Record<string, string>> = {
  'AWS::IAM::ManagedPolicy': 'arn:aws:iam::ACCOUNT:policy/NAME',
  'AWS::IAM::OIDCProvider': 'arn:aws:iam::ACCOUNT:oidc-provider/token.actions.githubusercontent.com',
};

const NO_VALUE: Value = { 'AWS::NoValue': true };

/** Evaluates a template's functions, once its loops are unrolled. */
export class Evaluator {
  readonly #parameters: Fields;
  readonly #conditions: Fields;
  readonly #mappings: Fields;
  readonly #resources: Fields;

  constructor(template: Fields, parameters: Fields, resources: Fields) {
    this.#parameters = { ...PSEUDO, ...parameters };
    this.#conditions = (template.Conditions ?? {}) as Fields;
    this.#mappings = (template.Mappings ?? {}) as Fields;
    this.#resources = resources;
  }

  holds(name: string): boolean {
    const condition = this.#conditions[name];
    if (condition === undefined) throw new Error(`no condition is called ${name}`);
    return this.#decide(condition);
  }

  #decide(condition: Value): boolean {
    if (!isFields(condition)) throw new Error(`not a condition: ${JSON.stringify(condition)}`);
    const [[key, argument]] = Object.entries(condition) as [[string, Value]];
    const parts = argument as readonly Value[];
    if (key === 'Condition') return this.holds(String(argument));
    if (key === 'Fn::Equals') return String(this.value(parts[0] as Value)) === String(this.value(parts[1] as Value));
    if (key === 'Fn::Not') return !this.#decide(parts[0] as Value);
    if (key === 'Fn::And') return parts.every((part) => this.#decide(part));
    if (key === 'Fn::Or') return parts.some((part) => this.#decide(part));
    throw new Error(`not a condition: ${key}`);
  }

  #arnOf(id: string, pattern: string, name: string): string {
    const { 'AWS::AccountId': account, 'AWS::Region': region } = PSEUDO;
    if (name === '') throw new Error(`${id} has no name to refer to`);
    return pattern.replace('REGION', String(region)).replace('ACCOUNT', String(account)).replace('NAME', name);
  }

  #resource(id: string, attribute: string | null): string {
    const resource = this.#resources[id];
    if (!isFields(resource)) throw new Error(`no parameter or resource is called ${id}`);
    const type = String(resource.Type);
    const generated = REF_IS_ARN[type];
    if (generated !== undefined && attribute === null) return this.#arnOf(id, generated, id);
    const named = NAMED[type];
    if (named === undefined) throw new Error(`${id}: nothing refers to a ${type} here`);
    const name = String(this.value((resource.Properties as Fields)[named.name] ?? ''));
    if (attribute === null) return name;
    if (attribute !== 'Arn') throw new Error(`${id}.${attribute} is not known here`);
    return this.#arnOf(id, named.arn, name);
  }

  #ref(name: string): Value {
    if (name === 'AWS::NoValue') return NO_VALUE;
    return this.#parameters[name] ?? this.#resource(name, null);
  }

  #sub(argument: Value): string {
    const [text, variables] = (Array.isArray(argument) ? argument : [argument, {}]) as [string, Fields];
    return text.replaceAll(/\$\{([^!}][^}]*)\}/g, (_, name: string) => {
      const own = variables[name];
      if (own !== undefined) return String(this.value(own));
      const [id, attribute] = name.split('.');
      return String(attribute === undefined ? this.#ref(name) : this.#resource(id as string, attribute));
    });
  }

  /** The value with all its functions evaluated. */
  value(written: Value): Value {
    if (Array.isArray(written)) {
      return written.map((part: Value) => this.value(part)).filter((part) => part !== NO_VALUE);
    }
    if (!isFields(written)) return written;
    const [key = '', argument] = Object.entries(written)[0] ?? [];
    if (Object.keys(written).length === 1 && argument !== undefined) {
      if (key === 'Ref') return this.#ref(String(this.value(argument)));
      if (key === 'Fn::Sub') return this.#sub(argument);
      if (key.startsWith('Fn::')) return this.#call(key, argument as readonly Value[]);
    }
    const pairs = Object.entries(written).map(([name, part]) => [name, this.value(part)] as const);
    return Object.fromEntries(pairs.filter(([, part]) => part !== NO_VALUE));
  }

  #call(key: string, parts: readonly Value[]): Value {
    if (key === 'Fn::If') return this.value((this.holds(String(parts[0])) ? parts[1] : parts[2]) as Value);
    const [first, second] = parts.map((part) => this.value(part));
    if (key === 'Fn::GetAtt') return this.#resource(String(first), String(second));
    if (key === 'Fn::Split') return String(second).split(String(first));
    if (key === 'Fn::Join') return (second as readonly Value[]).join(String(first));
    if (key === 'Fn::Select') {
      const chosen = (second as readonly Value[])[Number(first)];
      if (chosen === undefined) throw new Error(`Fn::Select: no item ${first} in ${JSON.stringify(second)}`);
      return chosen;
    }
    if (key === 'Fn::FindInMap') {
      const [map, row, column] = parts.map((part) => String(this.value(part)));
      const found = ((this.#mappings[map as string] as Fields)?.[row as string] as Fields)?.[column as string];
      if (found === undefined) throw new Error(`Fn::FindInMap: nothing at ${map}.${row}.${column}`);
      return found;
    }
    throw new Error(`${key} is not known here`);
  }
}
