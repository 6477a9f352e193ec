import type { DescMessage, DescMethodUnary, MessageShape } from '@bufbuild/protobuf';
import type { CallContext } from '../rpc.js';
import { isDryRun, tellOutcome } from './answer.js';
import type { ResourceEngine } from './engine.js';
import { idempotent } from './idempotent.js';
import type { Plan } from './plan.js';
import type { Resource } from './resource.js';

export interface Command<R extends Resource> {
  /** What it is about: commands on the same subject take turns. */
  readonly subject: string;
  readonly plan: () => Promise<Plan<R>>;
  /** What must be there before the plan is written, and once more after it. */
  readonly before?: () => Promise<void>;
  readonly after?: () => Promise<void>;
}

/** Carries out a command that answers with a resource: only planned when the caller asks for a dry run, and once for each idempotency key. */
export async function runCommand<I extends DescMessage, O extends DescMessage, R extends Resource & MessageShape<O>>(
  engine: ResourceEngine,
  method: DescMethodUnary<I, O>,
  request: MessageShape<I>,
  call: CallContext,
  command: Command<R>,
): Promise<MessageShape<O>> {
  if (isDryRun(call)) {
    const plan = await command.plan();
    tellOutcome(call, plan);
    return plan.resource;
  }
  return idempotent(engine, method, request, call, async (keep) => {
    await command.before?.();
    const plan = await engine.write(command.subject, command.plan, ({ resource }) => keep(resource));
    await command.after?.();
    tellOutcome(call, plan);
    return plan.resource;
  });
}
