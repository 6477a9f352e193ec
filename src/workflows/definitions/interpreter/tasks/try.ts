import { durationMs } from '../../../../workflow-document/duration.js';
import type { TaskList } from '../../../../workflow-document/document.js';
import { isObject, type Json, type JsonObject } from '../../../../workflow-document/json.js';
import { asWorkflowError, type ErrorObject, isNoError, standardError, WorkflowError } from '../error.js';
import { runList } from '../list.js';
import { type Frame, frameIn, type Scope, within } from '../scope.js';
import { evaluatedDuration, type TaskContext, type TaskExecutor, type TaskResult } from '../task.js';

/** `try`: its list; when that fails with an error that `catch` takes, again by the policy of retries, and at last the list of `catch`. */
export const tryTask: TaskExecutor = async (context) => {
  const { run, task, input, scope, frame } = context;
  frame['attempt'] ??= 1;
  frame['firstAt'] ??= Date.now();
  while (frame['error'] === undefined) {
    context.notes['attempts'] = frame['attempt'] as number;
    try {
      if (typeof frame['until'] === 'number') await run.until(frame['until']);
      delete frame['until'];
      const turn = frame['attempt'] === 1 ? '' : `[${String(frame['attempt'])}]`;
      return { output: await runList(run, task['try'] as unknown as TaskList, input, within(scope, 'try', turn), frameIn(frame, 'list')) };
    } catch (failure) {
      if (isNoError(failure)) throw failure;
      const error = asWorkflowError(failure, scope.reference);
      delete frame['list'];
      const handler = task['catch'];
      if (!isObject(handler) || !caught(context, handler, error.error)) throw error;
      const delay = nextDelay(context, handler, error.error, frame);
      if (delay === undefined) frame['error'] = error.error;
      else {
        frame['attempt'] = (frame['attempt'] as number) + 1;
        frame['until'] = Date.now() + delay;
      }
    }
  }
  return handle(context, frame['error'] as ErrorObject);
};

/** By the specification's handler, or the original's, which re-raises without a list of its own. */
async function handle({ run, task, input, scope, frame }: TaskContext, error: ErrorObject): Promise<TaskResult> {
  const handler = task['catch'] as JsonObject;
  const then = typeof handler['then'] === 'string' ? { then: handler['then'] } : {};
  if (handler['do'] === undefined) {
    if (run.dialect === 'original') throw new WorkflowError(error);
    return { output: input, ...then };
  }
  const output = await runList(run, handler['do'] as unknown as TaskList, input, { ...within(errorScope(scope, handler, error), 'catch/do') }, frameIn(frame, 'handler'));
  return { output, ...then };
}

function errorScope(scope: Scope, handler: JsonObject, error: ErrorObject): Scope {
  const name = typeof handler['as'] === 'string' ? handler['as'] : 'error';
  return { ...scope, variables: { ...scope.variables, [`$${name}`]: error } };
}

function caught({ run, input, scope }: TaskContext, handler: JsonObject, error: ErrorObject): boolean {
  const filter = isObject(handler['errors']) ? handler['errors']['with'] : undefined;
  if (isObject(filter) && !Object.entries(filter).every(([key, wanted]) => error[key] === wanted)) return false;
  const situation = run.situation(errorScope(scope, handler, error), input);
  if (handler['when'] !== undefined && !run.expressions.holds(handler['when'], situation)) return false;
  return handler['exceptWhen'] === undefined || !run.expressions.holds(handler['exceptWhen'], situation);
}

/** Milliseconds until the next attempt; undefined when there is none. */
function nextDelay({ run, input, scope }: TaskContext, handler: JsonObject, error: ErrorObject, frame: Frame): number | undefined {
  const policy = run.used('retries', handler['retry']);
  if (!isObject(policy)) return undefined;
  const situation = run.situation(errorScope(scope, handler, error), input);
  if (policy['when'] !== undefined && !run.expressions.holds(policy['when'], situation)) return undefined;
  if (policy['exceptWhen'] !== undefined && run.expressions.holds(policy['exceptWhen'], situation)) return undefined;
  const attempt = frame['attempt'] as number;
  const limit = isObject(policy['limit']) ? policy['limit'] : {};
  const attempts = isObject(limit['attempt']) ? limit['attempt'] : {};
  // The count is that of the attempts to try again.
  if (typeof attempts['count'] === 'number' && attempt > attempts['count']) return undefined;
  const base = policy['delay'] === undefined ? 0 : evaluatedDuration(run, policy['delay'], situation);
  const delay = backedOff(base, attempt, isObject(policy['backoff']) ? policy['backoff'] : {}) + jitter(policy['jitter']);
  if (limit['duration'] !== undefined && Date.now() + delay - (frame['firstAt'] as number) > evaluatedDuration(run, limit['duration'], situation)) return undefined;
  if (attempts['count'] === undefined && limit['duration'] === undefined && attempt > MOST_RETRIES) return undefined;
  return delay;
}

/** Without a limit of its own a policy tries again so often. */
const MOST_RETRIES = 100;

function backedOff(base: number, attempt: number, backoff: JsonObject): number {
  if (backoff['exponential'] !== undefined) return base * 2 ** Math.min(attempt - 1, 30);
  if (backoff['linear'] === undefined) return base;
  const { linear } = backoff;
  const step = isObject(linear) && linear['increment'] !== undefined ? milliseconds(linear['increment']) : base;
  return base + step * (attempt - 1);
}

function jitter(value: Json | undefined): number {
  if (!isObject(value)) return 0;
  const from = milliseconds(value['from']);
  // The workflow's own: the same again on replay.
  return from + Math.floor(Math.random() * Math.max(0, milliseconds(value['to']) - from));
}

function milliseconds(value: Json | undefined): number {
  const ms = durationMs(value ?? null);
  if (ms === undefined) throw standardError('configuration', `${JSON.stringify(value)} is no duration`);
  return ms;
}
