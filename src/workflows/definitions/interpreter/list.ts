import { entryOf, type TaskList } from '../../../workflow-document/document.js';
import type { Json } from '../../../workflow-document/json.js';
import { EndOfWorkflow, standardError } from './error.js';
import type { Run } from './run.js';
import { type Frame, frameIn, type Scope } from './scope.js';
import { runTask } from './task.js';

/** Carries out a list of tasks, each with the output of the one before, and gives the output of the last. */
export async function runList(run: Run, list: TaskList, input: Json, scope: Scope, frame: Frame): Promise<Json> {
  frame['at'] ??= 0;
  if (frame['input'] === undefined) frame['input'] = input;
  for (;;) {
    const at = frame['at'] as number;
    const item = list[at];
    if (item === undefined) return frame['input'] as Json;
    const [name, task] = entryOf(item);
    const own: Scope = {
      ...scope,
      reference: `${scope.reference}/${at}/${name}`,
      instance: `${scope.instance}/${at}/${name}`,
      previous: frame['input'] as Json,
    };
    const result = await runTask(run, name, task, frame['input'] as Json, own, frameIn(frame, 'task'));
    delete frame['task'];
    frame['input'] = result.output;
    // A task that was skipped goes on to the next, whatever it says.
    const target = result.then ?? (result.skipped === true ? undefined : task['then']);
    if (target === undefined || target === 'continue') frame['at'] = at + 1;
    else if (target === 'exit') return result.output;
    else if (target === 'end') {
      // The original ends the list only.
      if (run.dialect === 'original') return result.output;
      throw new EndOfWorkflow(result.output);
    } else {
      const next = list.findIndex((other) => entryOf(other)[0] === target);
      if (next < 0) throw standardError('configuration', `there is no task ${String(target)} in this list`);
      frame['at'] = next;
    }
  }
}
