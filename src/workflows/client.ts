import { toJson } from '@bufbuild/protobuf';
import { Connection, WorkflowClient, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { defaultFailureConverter, type LoadedDataConverter } from '@temporalio/common';
import type { Clock } from '../contract/clock.js';
import { Code, StigmerError } from '../contract/errors.js';
import { type AgentExecution, AgentExecutionSchema } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { type WorkflowExecution, WorkflowExecutionSchema } from '../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { AGENT_EXECUTION, DEFAULT_QUEUES, type ExecutionKind, RUNNER_QUEUE_MEMO, WORKFLOW_EXECUTION, WORKFLOW_TYPE, workflowId } from './names.js';
import { payloadConverter } from './payloads/converter.js';
import { type ProtoPayload, protoPayload } from './payloads/proto-payload.js';
import type { RunOptions } from './run-options.js';
import { describeQueue, type QueueDescription } from './temporal/describe-queue.js';
import { describeWorkflow, type WorkflowDescription } from './temporal/describe-workflow.js';
import { certaintyOf, isSilence, temporalError } from './temporal/temporal-error.js';

export type { QueueDescription } from './temporal/describe-queue.js';
export type { PendingActivity, WorkflowDescription, WorkflowState } from './temporal/describe-workflow.js';
export type { ExecutionKind } from './names.js';
export type { RunOptions } from './run-options.js';
export { EVENT_SIGNAL, PAUSE_SIGNAL, RESUME_SIGNAL } from './names.js';

export interface TemporalClientOptions {
  /** `host:port` of Temporal's frontend. */
  readonly address: string;
  readonly namespace: string;
  readonly clock: Clock;
  /** Where the parts differ from DEFAULT_QUEUES. */
  readonly queues?: Partial<Record<keyof typeof DEFAULT_QUEUES, string>>;
  /** Named in Temporal's histories. Default `stigmer-server`. */
  readonly identity?: string;
  /** Milliseconds that one call may take. Default 3 s: a create must not hang. */
  readonly timeoutMs?: number;
}

/** Whether Temporal answers, by the latest call. `since`: milliseconds since 1970 of the first call in a row that was or was not answered. */
export type TemporalState =
  | { readonly state: 'untried' }
  | { readonly state: 'connected'; readonly since: number }
  | { readonly state: 'down'; readonly since: number; readonly error: string };

/**
 * What became of a start. `started`: the workflow is there, now or from before. `refused`: it certainly is not. `unknown`: it may be;
 * starting it again is harmless.
 */
export type StartOutcome =
  | { readonly outcome: 'started' }
  | { readonly outcome: 'refused'; readonly reason: StigmerError }
  | { readonly outcome: 'unknown'; readonly reason: StigmerError };

/**
 * What the server asks of Temporal. Calls are not repeated here and end within the timeout; they throw StigmerError, UNAVAILABLE or
 * DEADLINE_EXCEEDED naming the address when Temporal does not answer.
 */
export interface TemporalClient {
  readonly address: string;
  readonly namespace: string;
  state(): TemporalState;
  /** Asks Temporal for the namespace, and resolves when it is there. */
  health(): Promise<void>;
  /** Never throws. The execution must hold no secret value and no callback token: Temporal keeps it readable. */
  startAgentExecution(execution: AgentExecution, options: RunOptions): Promise<StartOutcome>;
  /** As startAgentExecution. */
  startWorkflowExecution(execution: WorkflowExecution, options: RunOptions): Promise<StartOutcome>;
  /** Asks the workflow to cancel. False: there is none to ask. Of one that ended a moment ago Temporal takes the request and does nothing. */
  cancel(kind: ExecutionKind, executionId: string): Promise<boolean>;
  /** Ends the workflow without asking it. False: there is none that runs. */
  terminate(kind: ExecutionKind, executionId: string, reason: string): Promise<boolean>;
  /** False: there is none that runs. */
  signal(kind: ExecutionKind, executionId: string, name: string, ...args: unknown[]): Promise<boolean>;
  describe(kind: ExecutionKind, executionId: string): Promise<WorkflowDescription>;
  /** Pollers and backlog of activities on a queue. */
  describeQueue(queue: string): Promise<QueueDescription>;
  /** Completes the activity of a task token with plain JSON. False: it does not wait any more. */
  completeActivity(token: Uint8Array, result: unknown): Promise<boolean>;
  /** Fails the activity of a task token, for good. False: it does not wait any more. */
  failActivity(token: Uint8Array, message: string): Promise<boolean>;
  close(): Promise<void>;
}

/** A client that connects with its first call, and again by itself. */
export function connectTemporal(options: TemporalClientOptions): TemporalClient {
  return new LazyTemporalClient(options);
}

const DEFAULT_TIMEOUT_MS = 3_000;

class LazyTemporalClient implements TemporalClient {
  readonly address: string;
  readonly namespace: string;
  readonly #clock: Clock;
  readonly #queues: Record<keyof typeof DEFAULT_QUEUES, string>;
  readonly #identity: string;
  readonly #timeoutMs: number;
  readonly #connection: Connection;
  readonly #workflows: WorkflowClient;
  #state: TemporalState = { state: 'untried' };

  constructor(options: TemporalClientOptions) {
    this.address = options.address;
    this.namespace = options.namespace;
    this.#clock = options.clock;
    this.#queues = { ...DEFAULT_QUEUES, ...options.queues };
    this.#identity = options.identity ?? 'stigmer-server';
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#connection = Connection.lazy({
      address: options.address,
      // The default one repeats a call up to ten times; whoever calls here repeats by itself, and wants to know what happened.
      interceptors: [],
      channelArgs: { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 1_000 },
    });
    const dataConverter: LoadedDataConverter = { payloadConverter, failureConverter: defaultFailureConverter, payloadCodecs: [] };
    // Temporal's client takes a converter that is loaded as well as one by its path.
    this.#workflows = new WorkflowClient({ connection: this.#connection, namespace: this.namespace, identity: this.#identity, dataConverter });
  }

  state(): TemporalState {
    return this.#state;
  }

  async health(): Promise<void> {
    await this.#call(() => this.#connection.workflowService.describeNamespace({ namespace: this.namespace }));
  }

  async startAgentExecution(execution: AgentExecution, options: RunOptions): Promise<StartOutcome> {
    const payload = protoPayload(AGENT_EXECUTION, toJson(AgentExecutionSchema, execution));
    return this.#start('agent_execution', execution.metadata?.id ?? '', payload, options);
  }

  async startWorkflowExecution(execution: WorkflowExecution, options: RunOptions): Promise<StartOutcome> {
    const payload = protoPayload(WORKFLOW_EXECUTION, toJson(WorkflowExecutionSchema, execution));
    return this.#start('workflow_execution', execution.metadata?.id ?? '', payload, options);
  }

  async cancel(kind: ExecutionKind, executionId: string): Promise<boolean> {
    return this.#ifThere(() => this.#workflows.getHandle(workflowId(kind, executionId)).cancel());
  }

  async terminate(kind: ExecutionKind, executionId: string, reason: string): Promise<boolean> {
    return this.#ifThere(() => this.#workflows.getHandle(workflowId(kind, executionId)).terminate(reason));
  }

  async signal(kind: ExecutionKind, executionId: string, name: string, ...args: unknown[]): Promise<boolean> {
    return this.#ifThere(() => this.#workflows.getHandle(workflowId(kind, executionId)).signal(name, ...args));
  }

  async describe(kind: ExecutionKind, executionId: string): Promise<WorkflowDescription> {
    try {
      return await this.#call(() => describeWorkflow(this.#connection.workflowService, this.namespace, workflowId(kind, executionId)));
    } catch (error) {
      if (isNotThere(error)) return { state: 'notFound', activities: [] };
      throw error;
    }
  }

  async describeQueue(queue: string): Promise<QueueDescription> {
    return this.#call(() => describeQueue(this.#connection.workflowService, this.namespace, queue));
  }

  async completeActivity(taskToken: Uint8Array, result: unknown): Promise<boolean> {
    const payloads = [payloadConverter.toPayload(result)];
    return this.#ifThere(() => this.#connection.workflowService.respondActivityTaskCompleted({ ...this.#sender(), taskToken, result: { payloads } }));
  }

  async failActivity(taskToken: Uint8Array, message: string): Promise<boolean> {
    const failure = { message, applicationFailureInfo: { type: 'AgentExecutionFailed', nonRetryable: true } };
    return this.#ifThere(() => this.#connection.workflowService.respondActivityTaskFailed({ ...this.#sender(), taskToken, failure }));
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #sender() {
    return { namespace: this.namespace, identity: this.#identity };
  }

  async #start(kind: ExecutionKind, executionId: string, execution: ProtoPayload, options: RunOptions): Promise<StartOutcome> {
    const [queue, runnerQueue] = kind === 'agent_execution' ? (['agentExecution', 'agentRunner'] as const) : (['workflowExecution', 'workflowRunner'] as const);
    try {
      await this.#deadline(() =>
        this.#workflows.start(WORKFLOW_TYPE[kind], {
          workflowId: workflowId(kind, executionId),
          taskQueue: this.#queues[queue],
          memo: { [RUNNER_QUEUE_MEMO]: this.#queues[runnerQueue] },
          args: [execution, options],
          // A repeated start finds the first one, whether it still runs or not.
          workflowIdConflictPolicy: 'USE_EXISTING',
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
        }),
      );
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return { outcome: 'started' };
      return { outcome: certaintyOf(error), reason: this.#explain(error) };
    }
    return { outcome: 'started' };
  }

  async #ifThere(call: () => Promise<unknown>): Promise<boolean> {
    try {
      await this.#call(call);
      return true;
    } catch (error) {
      if (isNotThere(error)) return false;
      throw error;
    }
  }

  async #call<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await this.#deadline(call);
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** Makes the call, and notes whether Temporal answered. */
  async #deadline<T>(call: () => Promise<T>): Promise<T> {
    try {
      // A deadline of gRPC is a time of the machine's clock, whatever ours says.
      const result = await this.#connection.withDeadline(Date.now() + this.#timeoutMs, call);
      this.#note(undefined);
      return result;
    } catch (error) {
      const explained = this.#explain(error);
      this.#note(isSilence(explained) ? explained.message : undefined);
      throw error;
    }
  }

  #note(error: string | undefined): void {
    const state = error === undefined ? 'connected' : 'down';
    const since = this.#state.state === state ? this.#state.since : this.#clock.now();
    this.#state = error === undefined ? { state: 'connected', since } : { state: 'down', since, error };
  }

  #explain(error: unknown): StigmerError {
    return temporalError(error, this);
  }
}

function isNotThere(error: unknown): boolean {
  return error instanceof StigmerError && error.code === Code.NOT_FOUND;
}
