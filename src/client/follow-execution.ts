import { create } from '@bufbuild/protobuf';
import { systemClock } from '../contract/clock.js';
import { Code, StigmerError } from '../contract/errors.js';
import type { AgentExecution } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionQueryController } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import type { WorkflowExecution } from '../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { WorkflowExecutionQueryController } from '../contract/gen/ai/stigmer/agentic/workflowexecution/v1/query_pb.js';
import { type ExecutionState, ExecutionStateSchema, type Usage } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import type { Notice } from '../contract/gen/stigmer/stream/v1/notice_pb.js';
import type { Deltas, End } from '../contract/gen/stigmer/stream/v1/stream_pb.js';
import { isTerminal } from '../contract/phases.js';
import { apply } from '../execution/apply.js';
import { type ExecutionKind, type Projection, projectionOf } from '../execution/projection.js';
import { Backoff } from './backoff.js';
import { reconnecting } from './reconnect.js';
import type { RpcClient } from './rpc-client.js';
import { wait } from './wait.js';
import { type WatchEvent, watchExecution, type WatchOptions } from './watch-execution.js';

/** What a follower hears, in order. */
export type FollowEvent =
  /** The execution as it is now. The state is the follower's own: look at it before asking for the next event, and do not change it. */
  | { readonly type: 'state'; readonly state: ExecutionState; readonly execution: AnyExecution | undefined }
  | { readonly type: 'notice'; readonly notice: Notice }
  | { readonly type: 'break'; readonly reason: StigmerError; readonly retryInMs: number }
  | { readonly type: 'resumed' }
  | { readonly type: 'end'; readonly end: Pick<End, 'phase' | 'error' | 'deleted'> };

/** An execution as the server last sent it whole: its metadata and spec hold, its status may be behind the state. */
export type AnyExecution = AgentExecution | WorkflowExecution;

export interface FollowOptions extends Omit<WatchOptions, 'resume'> {
  readonly kind: ExecutionKind;
}

/**
 * Follows one execution to its end, through breaks of the connection, and keeps its state up to date. A server that has no Watch, the
 * original's, is asked by `subscribe`. What does not fit together is asked for anew. Ends and throws as `watchExecution` does.
 */
export async function* followExecution(client: RpcClient, executionId: string, options: FollowOptions): AsyncGenerator<FollowEvent, void, undefined> {
  try {
    yield* byWatch(client, executionId, options);
  } catch (error) {
    if (StigmerError.from(error).code !== Code.UNIMPLEMENTED) throw error;
    yield* bySubscribe(client, executionId, options);
  }
}

async function* byWatch(client: RpcClient, executionId: string, options: FollowOptions): AsyncGenerator<FollowEvent, void, undefined> {
  const { clock = systemClock, signal, random } = options;
  const backoff = new Backoff({ initialMs: 100, maxMs: 5_000, ...(random === undefined ? {} : { random }) });
  for (;;) {
    if (signal?.aborted === true) return;
    const fold = new Fold();
    for await (const event of watchExecution(client, executionId, options)) {
      if (event.type === 'bookmark') continue;
      if (event.type !== 'snapshot' && event.type !== 'deltas') {
        yield event;
        if (event.type === 'end') return;
        continue;
      }
      if (!fold.take(event)) break;
      backoff.reset();
      yield { type: 'state', state: fold.state, execution: fold.execution };
    }
    await wait(clock, backoff.next(), signal);
  }
}

/** Snapshot and deltas, put together. */
class Fold {
  execution: AnyExecution | undefined;
  #projection: Projection | undefined;

  get state(): ExecutionState {
    return this.#projection?.state ?? create(ExecutionStateSchema);
  }

  /** False when the events do not fit on what is here: something was lost, or the server knows more than this client. */
  take(event: Extract<WatchEvent, { type: 'snapshot' | 'deltas' }>): boolean {
    if (event.type === 'deltas') return this.#apply(event.deltas);
    const { execution, usage } = event.snapshot;
    this.execution = execution.value;
    this.#projection = projectionOf(stateOf(execution, usage));
    return true;
  }

  #apply({ events }: Deltas): boolean {
    const projection = this.#projection;
    if (projection === undefined) return false;
    try {
      for (const event of events) apply(projection, event);
      return true;
    } catch (error) {
      if (error instanceof StigmerError) return false;
      throw error;
    }
  }
}

type Whole = { readonly case: 'agent'; readonly value: AgentExecution } | { readonly case: 'workflow'; readonly value: WorkflowExecution } | { readonly case: undefined };

function stateOf(execution: Whole, usage: Usage | undefined): ExecutionState {
  const sums = usage === undefined ? {} : { usage };
  if (execution.case === 'agent') return create(ExecutionStateSchema, { status: { case: 'agent', value: execution.value.status ?? {} }, ...sums });
  if (execution.case === 'workflow') return create(ExecutionStateSchema, { status: { case: 'workflow', value: execution.value.status ?? {} }, ...sums });
  throw new StigmerError(Code.UNIMPLEMENTED, 'the server sent an execution of a kind that this version does not know');
}

async function* bySubscribe(client: RpcClient, executionId: string, options: FollowOptions): AsyncGenerator<FollowEvent, void, undefined> {
  const connect =
    options.kind === 'agent'
      ? (signal: AbortSignal) => client.serverStream(AgentExecutionQueryController.method.subscribe, { value: executionId }, { signal })
      : (signal: AbortSignal) => client.serverStream(WorkflowExecutionQueryController.method.subscribe, { executionId }, { signal });
  // Such a server says nothing while nothing happens, so its silence means nothing; a dead peer is found by keepalive.
  const { clock = systemClock, signal, random } = options;
  const streams = { clock, endpoint: client.endpoint, ...(signal === undefined ? {} : { signal }), ...(random === undefined ? {} : { random }) };
  for await (const came of reconnecting<AnyExecution>(connect, streams)) {
    if (came.type !== 'item') {
      yield came;
      continue;
    }
    const whole = { case: options.kind, value: came.item } as Whole;
    const state = stateOf(whole, undefined);
    yield { type: 'state', state, execution: came.item };
    const { phase = 0, error = '' } = state.status.value ?? {};
    if (isTerminal(phase)) {
      yield { type: 'end', end: { phase, error, deleted: false } };
      return;
    }
  }
}
