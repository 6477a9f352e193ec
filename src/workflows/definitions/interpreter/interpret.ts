import { continueAsNew, isCancellation, setDefaultSignalHandler, setHandler, defineSignal, uuid4 } from '@temporalio/workflow';
import { durationMs } from '../../../workflow-document/duration.js';
import { isObject, type Json, type JsonObject } from '../../../workflow-document/json.js';
import type { StatusJson } from '../../payloads/execution-status.js';
import type { ProtoPayload } from '../../payloads/proto-payload.js';
import { EVENT_SIGNAL, PAUSE_SIGNAL, RESUME_SIGNAL } from '../../names.js';
import type { RunOptions } from '../../run-options.js';
import { withDeadline } from './deadline.js';
import { asWorkflowError, describeError, EndOfWorkflow, standardError } from './error.js';
import type { EventEnvelope } from './inbox.js';
import type { Continuation, InterpreterInput } from './interpreter-input.js';
import { runList } from './list.js';
import { asStruct } from './reporter.js';
import { Run } from './run.js';
import { checkSchema } from './schema.js';
import { frameIn, type Scope } from './scope.js';
import { maskSecrets } from './secrets.js';

/** How a run ended: the status for the server; what it failed with. */
export interface Interpretation {
  readonly status: StatusJson;
  readonly cancelled: boolean;
}

/** Carries out a document, and continues as new when the history grows long. Never throws but to continue. */
export async function interpret(execution: ProtoPayload, executionId: string, options: RunOptions, input: InterpreterInput): Promise<Interpretation> {
  const state = options.continuation ?? begin(input);
  const run = new Run(executionId, input, state);
  listenForSignals(run);
  void run.reporter.sendAlways();
  const scope: Scope = { memory: state.memory, variables: {}, reference: '', instance: '', previous: null };
  const ended = outcome(run, scope, state);
  const result = await Promise.race([ended, run.drained()]);
  if (result) return { ...result, status: { ...result.status, tasks: await lastTasks(run) } };
  await run.reporter.settled();
  const continuation: Continuation = {
    ...state,
    memory: scope.memory,
    events: run.inbox.waiting,
    paused: run.paused,
    tasks: run.tasks,
    reportedBytes: run.reporter.bytes,
  };
  const size = JSON.stringify({ input, continuation }).length;
  if (size > LARGEST_STATE) return { status: { phase: 'EXECUTION_FAILED', error: tooLarge(size), tasks: await lastTasks(run) }, cancelled: false };
  return continueAsNew<(execution: ProtoPayload, options: RunOptions) => Promise<void>>(execution, { ...options, continuation });
}

/** Temporal refuses 2 MiB; the rest is room for the execution itself. */
const LARGEST_STATE = 1_700_000;

function tooLarge(size: number): string {
  return `the run has gone on for long, and what it carries along has ${size} characters, the limit is ${LARGEST_STATE}: keep less in outputs, in $context and in lists`;
}

function begin(input: InterpreterInput): Continuation {
  return {
    nonce: uuid4(),
    startedAt: new Date().toISOString(),
    input: input.input,
    memory: { context: null, exports: {}, data: {} },
    frame: {},
    events: [],
    paused: false,
    tasks: 0,
    reportedBytes: 0,
  };
}

async function lastTasks(run: Run): Promise<JsonObject[]> {
  await run.reporter.sent();
  return run.reporter.rest();
}

async function outcome(run: Run, scope: Scope, state: Continuation): Promise<Interpretation> {
  try {
    const output = await wholeRun(run, scope, state);
    return { status: { phase: 'EXECUTION_COMPLETED', output: wholeOutput(maskSecrets(output, run.nonce)) }, cancelled: false };
  } catch (failure) {
    if (isCancellation(failure)) return { status: { phase: 'EXECUTION_CANCELLED' }, cancelled: true };
    const { error } = asWorkflowError(failure, '/do');
    const text = `${describeError(error)}, at ${String(error['instance'])}`;
    return { status: { phase: 'EXECUTION_FAILED', error: String(maskSecrets(text, run.nonce)) }, cancelled: false };
  }
}

/** The contract holds objects only. Large outputs are cut off with the status, by whoever hands it on. */
function wholeOutput(output: Json): JsonObject {
  return isObject(output) ? output : asStruct(output);
}

async function wholeRun(run: Run, scope: Scope, state: Continuation): Promise<Json> {
  const { document } = run;
  const flow = isObject(document['input']) ? document['input'] : {};
  const { frame } = state;
  if (frame['input'] === undefined) {
    checkSchema(flow['schema'], state.input, 'input');
    frame['input'] = flow['from'] === undefined ? state.input : run.expressions.value(flow['from'], run.situation(scope, state.input));
  }
  const timeout = run.used('timeouts', document['timeout']);
  const ms = isObject(timeout) ? durationMs(run.expressions.template(timeout['after'] ?? null, run.situation(scope, state.input))) : undefined;
  const deadline = ms === undefined ? undefined : Date.parse(state.startedAt) + ms;
  const raw = await withDeadline(
    deadline,
    () => standardError('timeout', 'the run took longer than the timeout of the workflow'),
    () => untilTheEnd(() => runList(run, document.do, frame['input'] ?? null, { ...scope, reference: '/do', instance: '/do' }, frameIn(frame, 'do'))),
  );
  const last = isObject(document['output']) ? document['output'] : {};
  const output = last['as'] === undefined ? raw : run.expressions.value(last['as'], run.situation(scope, raw, { $output: raw }));
  checkSchema(last['schema'], output, 'output of the workflow');
  return output;
}

async function untilTheEnd(work: () => Promise<Json>): Promise<Json> {
  try {
    return await work();
  } catch (end) {
    if (end instanceof EndOfWorkflow) return end.output;
    throw end;
  }
}

function listenForSignals(run: Run): void {
  setHandler(defineSignal(PAUSE_SIGNAL), () => {
    run.paused = true;
  });
  setHandler(defineSignal(RESUME_SIGNAL), () => {
    run.paused = false;
  });
  setHandler(defineSignal<[unknown]>(EVENT_SIGNAL), (event) => run.inbox.put(envelopeOf(event as Json)));
  // The original's way: the signal's name is that of the event.
  setDefaultSignalHandler((name, ...args) => run.inbox.put({ id: uuid4(), type: name, data: (args[0] as Json | undefined) ?? null }));
}

function envelopeOf(event: Json): EventEnvelope {
  const { id, type, data } = isObject(event) ? event : {};
  return { ...(isObject(event) ? event : {}), id: typeof id === 'string' ? id : uuid4(), type: typeof type === 'string' ? type : '', data: data ?? null };
}
