import type { TaskList } from '../../../../workflow-document/document.js';
import { runList } from '../list.js';
import { within } from '../scope.js';
import type { TaskExecutor } from '../task.js';

/** `do`: a list within the list. */
export const doTask: TaskExecutor = async ({ run, task, input, scope, frame }) => ({
  output: await runList(run, task['do'] as unknown as TaskList, input, within(scope, 'do'), frame),
});
