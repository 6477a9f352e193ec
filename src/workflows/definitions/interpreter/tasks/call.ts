import { type ActivityOptions, ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { HttpCall, InterpreterActivities } from '../../../activities/interpreter-activities.js';
import { durationMs } from '../../../../workflow-document/duration.js';
import type { Task } from '../../../../workflow-document/document.js';
import { isObject, type Json, type JsonObject } from '../../../../workflow-document/json.js';
import { standardError } from '../error.js';
import { frameIn } from '../scope.js';
import { runTask, type TaskContext, type TaskExecutor } from '../task.js';

/** `call`: what is called decides; a name that is none of the known ones is a function of `use.functions`. */
export const call: TaskExecutor = async (context) => {
  const name = String(context.task['call']);
  const caller = CALLERS[name];
  if (caller) return { output: await caller(context, evaluatedArguments(context)) };
  if (['grpc', 'openapi', 'asyncapi'].includes(name)) throw standardError('configuration', `call ${name} is not served here yet`);
  return { output: await callFunction(context, name) };
};

type Caller = (context: TaskContext, args: JsonObject) => Promise<Json>;

const CALLERS: Readonly<Record<string, Caller>> = { http: callHttp, agent: callAgent, activity: callActivity };

function evaluatedArguments({ run, task, situation }: TaskContext): JsonObject {
  const args = run.expressions.template(task['with'] ?? {}, situation);
  if (!isObject(args)) throw standardError('expression', 'with is no object');
  return args;
}

const MINUTE_MS = 60_000;

/** The original's limits, unless `metadata.activityOptions` says otherwise. */
function limitsOf({ task }: TaskContext, attempts: number, startToCloseMs: number): ActivityOptions & { readonly startToCloseTimeout: number } {
  const options = isObject(task['metadata']) && isObject(task['metadata']['activityOptions']) ? task['metadata']['activityOptions'] : {};
  const retry = isObject(options['retryPolicy']) ? options['retryPolicy'] : {};
  const time = (value: Json | undefined, otherwise: number): number => (value === undefined ? otherwise : (durationMs(value) ?? otherwise));
  return {
    startToCloseTimeout: time(options['startToCloseTimeout'], startToCloseMs),
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: {
      initialInterval: time(retry['initialInterval'], 1_000),
      maximumInterval: time(retry['maximumInterval'], MINUTE_MS),
      backoffCoefficient: typeof retry['backoffCoefficient'] === 'number' ? retry['backoffCoefficient'] : 2,
      maximumAttempts: typeof retry['maximumAttempts'] === 'number' && retry['maximumAttempts'] > 0 ? retry['maximumAttempts'] : attempts,
    },
  };
}

async function callHttp(context: TaskContext, args: JsonObject): Promise<Json> {
  const { run, scope } = context;
  const { endpoint, output, redirect, method } = args;
  const seconds = args['timeout_seconds'];
  const limits = limitsOf(context, 5, typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : 5 * MINUTE_MS);
  const uri = isObject(endpoint) ? endpoint['uri'] : endpoint;
  if (typeof uri !== 'string') throw standardError('expression', `the endpoint is no address: ${JSON.stringify(uri)}`);
  const request: HttpCall = {
    method: String(method).toUpperCase(),
    uri: expandUri(uri, context.input),
    headers: isObject(args['headers']) ? args['headers'] : {},
    query: isObject(args['query']) ? args['query'] : {},
    body: args['body'],
    output: output === 'raw' || output === 'response' ? output : 'content',
    redirect: redirect === true,
    authentication: authenticationOf(context, isObject(endpoint) ? endpoint['authentication'] : undefined),
    timeoutMs: limits.startToCloseTimeout,
  };
  return run.waiting(() => proxyActivities<InterpreterActivities>(limits).CallHttp(run.reference(scope.instance), request));
}

/** A template of RFC 6570 in its simplest form: `{name}` from the task's input. */
function expandUri(uri: string, input: Json): string {
  return uri.replaceAll(/\{([A-Za-z_]\w*)\}/g, (whole, name: string) => {
    const value = isObject(input) ? input[name] : undefined;
    return value === undefined || typeof value === 'object' ? whole : encodeURIComponent(String(value));
  });
}

function authenticationOf({ run, situation }: TaskContext, given: Json | undefined): JsonObject | undefined {
  const named = isObject(given) && typeof given['use'] === 'string' ? given['use'] : given;
  const found = run.used('authentications', named);
  if (found === undefined) return undefined;
  const evaluated = run.expressions.template(found, situation);
  return isObject(evaluated) ? evaluated : undefined;
}

const HOUR_MS = 3_600_000;

async function callAgent(context: TaskContext, args: JsonObject): Promise<Json> {
  const { run, scope } = context;
  const { agent, message, env, config } = args;
  const own = isObject(config) ? config : {};
  const seconds = own['timeout'];
  const limits = limitsOf(context, Infinity, typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : 24 * HOUR_MS);
  const request = {
    agent: String(agent),
    scope: typeof args['scope'] === 'string' ? args['scope'] : undefined,
    message: typeof message === 'string' ? message : JSON.stringify(message),
    env: isObject(env) ? env : {},
    model: typeof own['model'] === 'string' ? own['model'] : undefined,
  };
  // The limit is that of the call, with all its attempts; one that is lost with its worker is taken up by the next.
  const { startToCloseTimeout, ...rest } = limits;
  const options = { ...rest, startToCloseTimeout, scheduleToCloseTimeout: startToCloseTimeout, heartbeatTimeout: 30_000, cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED };
  return run.waiting(() => proxyActivities<InterpreterActivities>(options).CallAgent(run.reference(scope.instance), request));
}

/** Any activity on any queue, as the original calls it; without a queue, one of this worker. */
async function callActivity(context: TaskContext, args: JsonObject): Promise<Json> {
  const { name, taskQueue, arguments: list, input } = args;
  const limits = { ...limitsOf(context, 5, 5 * MINUTE_MS), ...(typeof taskQueue === 'string' ? { taskQueue } : {}) };
  const activities = proxyActivities<Record<string, (...args: Json[]) => Promise<Json>>>(limits);
  const activity = activities[String(name)];
  if (!activity) throw standardError('configuration', `there is no activity ${String(name)}`);
  const given = Array.isArray(list) ? list : input === undefined ? [] : [input];
  return (await context.run.waiting(() => activity(...given))) ?? null;
}

/** A function is a task of its own, whose input are the arguments. */
async function callFunction(context: TaskContext, name: string): Promise<Json> {
  const { run, scope, frame, task, situation } = context;
  const definition = run.used('functions', name) as Task;
  const args = task['with'] === undefined ? context.input : run.expressions.template(task['with'], situation);
  const inner = { ...scope, reference: `/use/functions/${name}`, instance: `${scope.instance}/${name}` };
  const { output } = await runTask(run, name, definition, args, inner, frameIn(frame, 'function'));
  return output;
}
