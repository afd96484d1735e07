import { Evaluator } from './template-evaluate.ts';
import { type Fields, isFields, readTemplate, unroll, type Value } from './template-read.ts';

export { PSEUDO } from './template-evaluate.ts';

export interface Resource {
  readonly Type: string;
  readonly Properties: Fields;
  readonly DeletionPolicy?: string;
}

/** A template as CloudFormation would deploy it: loops unrolled, functions evaluated, conditions decided. */
export interface ResolvedTemplate {
  readonly resources: Readonly<Record<string, Resource>>;
  readonly outputs: Readonly<Record<string, string>>;
}

/** The parameters as CloudFormation takes them: every given one declared and legal, defaults for the others. */
function checkParameters(declared: Fields, given: Readonly<Record<string, string>>): Fields {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(declared, name)) throw new Error(`the template has no parameter ${name}`);
  }
  const pairs = Object.entries(declared).map(([name, declaration]) => {
    const { Type, Default, AllowedPattern, AllowedValues, MinValue, MaxValue } = declaration as Fields;
    const written = given[name] ?? Default;
    if (written === undefined) throw new Error(`parameter ${name} has no value`);
    const list = String(Type).includes('List');
    const values = list
      ? String(written)
          .split(',')
          .map((item) => item.trim())
      : [String(written)];
    for (const value of values) {
      const legal =
        (AllowedPattern === undefined || new RegExp(`^(?:${AllowedPattern})$`).test(value)) &&
        (AllowedValues === undefined || (AllowedValues as readonly Value[]).map(String).includes(value)) &&
        (MinValue === undefined || Number(value) >= Number(MinValue)) &&
        (MaxValue === undefined || Number(value) <= Number(MaxValue));
      if (!legal) throw new Error(`parameter ${name}: ${value} is not allowed`);
    }
    return [name, list ? values : Type === 'Number' ? Number(written) : String(written)];
  });
  return Object.fromEntries(pairs) as Fields;
}

/**
 * What CloudFormation would make of a template.
 * @param given the parameters, each as it is written on a command line
 * @throws Error for a parameter that the template refuses, for a function or a name that it does not know
 */
export function resolveTemplate(path: string, given: Readonly<Record<string, string>> = {}): ResolvedTemplate {
  const template = readTemplate(path);
  const parameters = checkParameters(template.Parameters as Fields, given);
  const listOf = (collection: Value): readonly string[] => {
    const list = isFields(collection) ? parameters[String(collection.Ref)] : collection;
    if (!Array.isArray(list)) throw new Error(`a loop's collection is no list: ${JSON.stringify(collection)}`);
    return list as readonly string[];
  };
  const resources = unroll(template.Resources as Value, listOf) as Fields;
  const evaluator = new Evaluator(template, parameters, resources);
  const made = Object.entries(resources).filter(([, resource]) => {
    const condition = (resource as Fields).Condition;
    return condition === undefined || evaluator.holds(String(condition));
  });
  const outputs = unroll((template.Outputs ?? {}) as Value, listOf) as Fields;
  return {
    resources: Object.fromEntries(made.map(([id, resource]) => [id, evaluator.value(resource) as unknown as Resource])),
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([id, output]) => [id, String(evaluator.value((output as Fields).Value as Value))]),
    ),
  };
}

/** A function that a template makes. */
export interface DeployedFunction {
  readonly name: string;
  readonly packageType: string;
  readonly imageUri: string;
  readonly architectures: readonly string[];
  readonly memoryMb: number;
  readonly storageMb: number;
  readonly timeoutSeconds: number;
  readonly role: string;
  readonly logGroup: string;
  readonly logFormat: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** The functions of a resolved template, in its order. */
export function functionsOf(template: ResolvedTemplate): readonly DeployedFunction[] {
  const functions = Object.values(template.resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  return functions.map(({ Properties: made }) => {
    const logging = made.LoggingConfig as Fields;
    const tags = made.Tags as readonly { readonly Key: string; readonly Value: string }[];
    return {
      name: String(made.FunctionName),
      packageType: String(made.PackageType),
      imageUri: String((made.Code as Fields).ImageUri),
      architectures: made.Architectures as readonly string[],
      memoryMb: Number(made.MemorySize),
      storageMb: Number((made.EphemeralStorage as Fields).Size),
      timeoutSeconds: Number(made.Timeout),
      role: String(made.Role),
      logGroup: String(logging.LogGroup),
      logFormat: String(logging.LogFormat),
      tags: Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])),
    };
  });
}
