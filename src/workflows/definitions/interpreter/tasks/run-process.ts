import { standardError } from '../error.js';
import type { TaskExecutor } from '../task.js';

/** `run`: containers, scripts, commands and workflows. There is no place for them yet, which is an error that `try` can catch. */
export const runProcess: TaskExecutor = async ({ task }) => {
  const what = Object.keys(task['run'] ?? {}).find((key) => key !== 'await' && key !== 'return') ?? 'this';
  throw standardError('configuration', `run ${what} is not served here yet`);
};
