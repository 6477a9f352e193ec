import { kindOf, type Task } from '../../../workflow-document/document.js';
import { durationMs } from '../../../workflow-document/duration.js';
import { isObject, type Json, type JsonObject } from '../../../workflow-document/json.js';
import { withDeadline } from './deadline.js';
import { asWorkflowError, describeError, EndOfWorkflow, isNoError, standardError } from './error.js';
import type { Situation } from './expressions.js';
import { moment, type Run } from './run.js';
import { checkSchema } from './schema.js';
import { type Frame, frameIn, type Scope } from './scope.js';
import { EXECUTORS } from './tasks/index.js';

/** What an executor is given. */
export interface TaskContext {
  readonly run: Run;
  readonly name: string;
  readonly task: Task;
  /** Input of the task, transformed. */
  readonly input: Json;
  /** Where the task itself stands: its lists stand below. */
  readonly scope: Scope;
  readonly frame: Frame;
  /** What the task's expressions see. */
  readonly situation: Situation;
  /** More about the task for whoever watches. */
  readonly notes: JsonObject;
}

/** What an executor gives: the raw output, and where the flow goes when the task itself decides that. */
export interface TaskResult {
  readonly output: Json;
  readonly then?: string;
  /** Its condition did not hold. */
  readonly skipped?: boolean;
}

/** Carries out one kind of task. */
export type TaskExecutor = (context: TaskContext) => Promise<TaskResult>;

/** Carries out a task with everything that is common to all kinds. `scope` is that of the task itself. */
export async function runTask(run: Run, name: string, task: Task, rawInput: Json, scope: Scope, frame: Frame): Promise<TaskResult> {
  await run.gate();
  const startedAt = typeof frame['startedAt'] === 'string' ? frame['startedAt'] : new Date().toISOString();
  const kind = kindLabel(task);
  const notes: JsonObject = { place: scope.reference };
  const told = { id: scope.instance, name, kind, startedAt, metadata: notes };
  let input = rawInput;
  try {
    const about = { name, reference: scope.reference, definition: task, input: rawInput, startedAt: moment(startedAt) };
    if (frame['startedAt'] === undefined) {
      const before = run.situation(scope, rawInput, { $task: about });
      if (task['if'] !== undefined && !run.expressions.holds(task['if'], before)) {
        run.reporter.report({ ...told, state: 'SKIPPED', completedAt: startedAt });
        return { output: rawInput, skipped: true };
      }
      const flow = isObject(task['input']) ? task['input'] : {};
      checkSchema(flow['schema'], rawInput, 'input');
      input = flow['from'] === undefined ? rawInput : run.expressions.value(flow['from'], before);
      frame['input'] = input;
      frame['startedAt'] = startedAt;
      run.reporter.report({ ...told, state: 'IN_PROGRESS', input });
    } else input = frame['input'] ?? null;
    const situation = run.situation(scope, input, { $task: about });
    const deadline = deadlineOf(run, task, situation, frame, startedAt);
    const context: TaskContext = { run, name, task, input, scope, frame: frameIn(frame, 'own'), situation, notes };
    const result = await withDeadline(
      deadline,
      () => standardError('timeout', `${name} took longer than its timeout`),
      () => EXECUTORS[kindOf(task) as keyof typeof EXECUTORS](context),
    );
    const output = transform(run, name, task, result.output, { ...situation, input: result.output }, scope);
    run.reporter.report({ ...told, state: 'COMPLETED', input, output, completedAt: new Date().toISOString() });
    return { ...result, output };
  } catch (failure) {
    const completedAt = new Date().toISOString();
    if (failure instanceof EndOfWorkflow) {
      run.reporter.report({ ...told, state: 'COMPLETED', input, completedAt });
      throw failure;
    }
    if (isNoError(failure)) {
      run.reporter.report({ ...told, state: 'FAILED', input, completedAt, error: 'cancelled' });
      throw failure;
    }
    const error = asWorkflowError(failure, scope.reference);
    notes['error'] = error.error;
    run.reporter.report({ ...told, state: 'FAILED', input, completedAt, error: describeError(error.error) });
    throw error;
  }
}

/** Output and export, in this order; the export sees the transformed output. */
function transform(run: Run, name: string, task: Task, raw: Json, situation: Situation, scope: Scope): Json {
  const flow = isObject(task['output']) ? task['output'] : {};
  const withOutput = (output: Json): Situation => ({ input: output, variables: { ...situation.variables, $output: output } });
  const output = flow['as'] === undefined ? raw : run.expressions.value(flow['as'], withOutput(raw));
  checkSchema(flow['schema'], output, 'output');
  const { memory } = scope;
  const exported = isObject(task['export']) ? task['export'] : undefined;
  if (run.dialect === 'original') remember(task, name, raw, memory.data);
  if (exported?.['as'] !== undefined) {
    const context = run.expressions.value(exported['as'], withOutput(run.dialect === 'original' ? raw : output));
    checkSchema(exported['schema'], context, 'export');
    memory.context = context;
    memory.exports[name] = context;
  }
  return output;
}

/** The original's `$data`: keys that `set` gave, and what calls returned, under the task's name. */
function remember(task: Task, name: string, output: Json, data: JsonObject): void {
  const kind = kindOf(task);
  if (kind === 'set' && isObject(output)) Object.assign(data, output);
  else if (kind === 'call' || kind === 'run') data[name] = output;
}

function deadlineOf(run: Run, task: Task, situation: Situation, frame: Frame, startedAt: string): number | undefined {
  if (typeof frame['deadline'] === 'number') return frame['deadline'];
  const timeout = run.used('timeouts', task['timeout']);
  if (!isObject(timeout)) return undefined;
  const ms = evaluatedDuration(run, timeout['after'], situation);
  frame['deadline'] = Date.parse(startedAt) + ms;
  return frame['deadline'];
}

/** A duration of the document, which may be an expression, in milliseconds. */
export function evaluatedDuration(run: Run, duration: Json | undefined, situation: Situation): number {
  const value = run.expressions.template(duration ?? null, situation);
  const ms = durationMs(value);
  if (ms === undefined) throw standardError('expression', `${JSON.stringify(value)} is no duration`);
  return ms;
}

function kindLabel(task: Task): string {
  const kind = kindOf(task) as string;
  if (kind === 'call') return `call ${String(task['call'])}`;
  if (kind === 'run' && isObject(task['run'])) return `run ${Object.keys(task['run']).find((key) => ['container', 'script', 'shell', 'workflow'].includes(key)) ?? ''}`;
  return kind;
}
