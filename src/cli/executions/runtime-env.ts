import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ExecutionValueSchema } from '../../contract/gen/ai/stigmer/agentic/executioncontext/v1/spec_pb.js';
import type { CliContext } from '../context.js';
import { yellow } from '../terminal/output.js';
import { usageError } from '../usage-error.js';

type Values = Record<string, MessageInitShape<typeof ExecutionValueSchema>>;

const SECRET = 'secret:';

/**
 * The variables of a run as they were given: `K=V`, `secret:K=V`, and `K` or `secret:K`, whose value is taken from the environment or,
 * for a secret, asked for. A value is taken as it stands, the name is trimmed.
 */
export async function runtimeEnv(ctx: Pick<CliContext, 'env' | 'err' | 'prompt' | 'signal'>, given: readonly string[]): Promise<Values> {
  const values: Values = {};
  for (const entry of given) {
    const isSecret = entry.startsWith(SECRET);
    const rest = isSecret ? entry.slice(SECRET.length) : entry;
    const at = rest.indexOf('=');
    const name = (at === -1 ? rest : rest.slice(0, at)).trim();
    // A value stands in no error text: it may be a secret that was not marked as one.
    if (name === '') throw usageError('--runtime-env: a name is missing before the =', 'stigmer run');
    if (at !== -1 && isSecret) {
      ctx.err.line(yellow(`⚠ the value of ${name} stands on the command line, where other users and your shell's history can see it; --runtime-env ${SECRET}${name} takes it from the environment or asks`));
    }
    const value = at === -1 ? await valueOf(ctx, name, isSecret) : rest.slice(at + 1);
    // The contract has no empty values: a variable without one is left out.
    if (value !== '') values[name] = { value, isSecret };
  }
  return values;
}

async function valueOf({ env, prompt, signal }: Pick<CliContext, 'env' | 'prompt' | 'signal'>, name: string, isSecret: boolean): Promise<string> {
  const known = env.all[name];
  if (known !== undefined) return known;
  if (!isSecret) throw usageError(`--runtime-env: ${name} is not set in the environment; give it as ${name}=VALUE`, 'stigmer run');
  const typed = await prompt?.secret(`Value of ${name}`, signal);
  if (typed === undefined || typed === '') {
    throw usageError(`--runtime-env: ${name} is not set in the environment, and ${prompt === undefined ? 'there is no terminal to ask at' : 'nothing was typed'}`, 'stigmer run');
  }
  return typed;
}
