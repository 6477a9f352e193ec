import type { TaskExecutor } from '../task.js';

/** `set`: its output is the object, evaluated. */
export const set: TaskExecutor = async ({ run, task, situation }) => ({ output: run.expressions.template(task['set'] ?? null, situation) });
