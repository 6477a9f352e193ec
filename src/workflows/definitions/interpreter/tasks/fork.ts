import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { entryOf, type TaskList } from '../../../../workflow-document/document.js';
import type { Json, JsonObject } from '../../../../workflow-document/json.js';
import { copyMemory, type Frame, frameIn, type Memory, type Scope } from '../scope.js';
import { runTask, type TaskContext, type TaskExecutor } from '../task.js';

/**
 * `fork`: its branches at the same time. The output is the list of theirs, in the original's dialect an object by their names; of
 * competing branches that of the first, and the others are cancelled. So are they when one fails.
 */
export const fork: TaskExecutor = async (context) => {
  const { branches, compete } = (context.task['fork'] ?? {}) as JsonObject;
  const list = branches as unknown as TaskList;
  const scope = new CancellationScope({ cancellable: true });
  return scope.run(async () => {
    const names = list.map((item) => entryOf(item)[0]);
    const running = list.map((_, at) => branch(context, list, at));
    // A branch that fails after the fork has ended fails nobody.
    for (const one of running) one.catch(() => undefined);
    try {
      if (compete === true) return { output: await winner(running) };
      const outputs = await Promise.all(running);
      return { output: context.run.dialect === 'original' ? Object.fromEntries(names.map((name, i) => [name, outputs[i] as Json])) : outputs };
    } finally {
      scope.cancel();
      await Promise.allSettled(running);
    }
  });
};

async function branch({ run, input, scope, frame }: TaskContext, list: TaskList, at: number): Promise<Json> {
  const [name, task] = entryOf(list[at] as TaskList[number]);
  const own = frameIn(frame, `branch ${at}`);
  if (own['done'] === true) return own['output'] ?? null;
  const place = `fork/branches/${at}/${name}`;
  const memory = run.dialect === 'original' ? branchMemory(scope, own) : scope.memory;
  const inner: Scope = { ...scope, memory, reference: `${scope.reference}/${place}`, instance: `${scope.instance}/${place}` };
  const { output } = await runTask(run, name, task, input, inner, frameIn(own, 'task'));
  delete own['task'];
  own['output'] = output;
  own['done'] = true;
  return output;
}

function branchMemory(scope: Scope, frame: Frame): Memory {
  frame['memory'] ??= copyMemory(scope.memory);
  return frame['memory'] as Memory;
}

/** The first branch that ends well; when none does, the first error. */
async function winner(running: readonly Promise<Json>[]): Promise<Json> {
  try {
    return await Promise.any(running);
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    const failures = error.errors as unknown[];
    throw failures.find((failure) => !isCancellation(failure)) ?? failures[0];
  }
}
