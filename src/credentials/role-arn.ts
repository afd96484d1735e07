import { AyciError } from '../errors.ts';
import { shown } from './shown.ts';

export interface RoleArn {
  readonly arn: string;
  readonly partition: 'aws' | 'aws-cn' | 'aws-us-gov';
  readonly account: string;
  /** Without its path. */
  readonly name: string;
}

/** A path's parts are printable ASCII without a slash: so no part can be read in two ways, however long the text is. */
const FORM = /^arn:(aws|aws-cn|aws-us-gov):iam::(\d{12}):role\/((?:[!-.0-~]+\/)*)([\w+=,.@-]{1,64})$/;
const LONGEST = 640;

/**
 * Reads a role's ARN as a person wrote it.
 *
 * @param place the input it was written at
 * @throws AyciError `bad-input` for anything else.
 */
export function parseRoleArn(written: string, place = 'role-to-assume'): RoleArn {
  const found = written.length <= LONGEST ? FORM.exec(written) : null;
  const [, partition, account, , name] = found ?? [];
  if (partition === undefined || account === undefined || name === undefined) {
    throw new AyciError(
      'bad-input',
      `${place}: not the ARN of an IAM role, got ${shown(written)}; expected arn:aws:iam::<12 digits>:role/<name>`,
      { hint: 'The stack of runtimes/bootstrap.yaml has it among its outputs.' },
    );
  }
  return { arn: written, partition: partition as RoleArn['partition'], account, name };
}
