import { isObject, type JsonObject } from '../../../../workflow-document/json.js';
import { standardError, WorkflowError } from '../error.js';
import type { TaskExecutor } from '../task.js';

/** `raise`: ends in an error, by name from `use.errors` or as it stands. */
export const raise: TaskExecutor = async ({ run, task, scope, situation }) => {
  const definition = run.used('errors', (task['raise'] as JsonObject)['error']);
  const error = run.expressions.template(definition ?? null, situation);
  if (!isObject(error)) throw standardError('configuration', 'raise.error is no error');
  const { type, status, title, detail, instance } = error;
  throw new WorkflowError({
    type: String(type ?? ''),
    status: Number(status ?? 500),
    title: typeof title === 'string' ? title : String(type ?? 'error'),
    ...(detail === undefined ? {} : { detail }),
    instance: instance ?? scope.reference,
  });
};
