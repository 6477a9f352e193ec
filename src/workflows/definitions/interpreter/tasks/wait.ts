import { evaluatedDuration, type TaskExecutor } from '../task.js';

/** `wait`: for a time. The input is passed on. */
export const wait: TaskExecutor = async ({ run, task, input, frame, situation }) => {
  frame['until'] ??= Date.now() + evaluatedDuration(run, task['wait'], situation);
  await run.until(frame['until'] as number);
  return { output: input };
};
