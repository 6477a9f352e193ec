import { unavailable } from '../../src/contract/errors.js';
import type { AgentExecution } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import type { WorkflowExecution } from '../../src/contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import type { QueueDescription, RunOptions, StartOutcome, TemporalClient, TemporalState, WorkflowDescription } from '../../src/workflows/client.js';

/** A Temporal in memory that does what a test tells it, for tests about the server's own part. */
export class TemporalDouble implements TemporalClient {
  readonly address = '127.0.0.1:1';
  readonly namespace = 'default';
  /** Calls fail as if nobody listened. */
  down = false;
  /** What the next starts come to; 'started' when empty. */
  readonly outcomes: StartOutcome['outcome'][] = [];
  readonly started = new Map<string, { readonly execution: AgentExecution | WorkflowExecution; readonly options: RunOptions }>();
  readonly cancelled: string[] = [];
  readonly completed: { readonly token: string; readonly result: unknown }[] = [];
  readonly failed: { readonly token: string; readonly message: string }[] = [];
  readonly workflows = new Map<string, WorkflowDescription>();
  pollers: QueueDescription['pollers'] = [];
  #asked = false;

  state(): TemporalState {
    if (!this.#asked) return { state: 'untried' };
    return this.down ? { state: 'down', since: 0, error: 'connection refused' } : { state: 'connected', since: 0 };
  }

  async health(): Promise<void> {
    this.#call();
  }

  async startAgentExecution(execution: AgentExecution, options: RunOptions): Promise<StartOutcome> {
    return this.#start(execution, options);
  }

  async startWorkflowExecution(execution: WorkflowExecution, options: RunOptions): Promise<StartOutcome> {
    return this.#start(execution, options);
  }

  async cancel(_kind: string, executionId: string): Promise<boolean> {
    this.#call();
    this.cancelled.push(executionId);
    return true;
  }

  async terminate(): Promise<boolean> {
    this.#call();
    return true;
  }

  async signal(): Promise<boolean> {
    this.#call();
    return true;
  }

  async describe(_kind: string, executionId: string): Promise<WorkflowDescription> {
    this.#call();
    return this.workflows.get(executionId) ?? { state: this.started.has(executionId) ? 'running' : 'notFound', activities: [] };
  }

  async describeQueue(): Promise<QueueDescription> {
    this.#call();
    return { pollers: this.pollers, backlog: 0 };
  }

  async completeActivity(token: Uint8Array, result: unknown): Promise<boolean> {
    this.#call();
    this.completed.push({ token: Buffer.from(token).toString(), result });
    return true;
  }

  async failActivity(token: Uint8Array, message: string): Promise<boolean> {
    this.#call();
    this.failed.push({ token: Buffer.from(token).toString(), message });
    return true;
  }

  async close(): Promise<void> {}

  #call(): void {
    this.#asked = true;
    if (this.down) throw unavailable(`Temporal at ${this.address} does not answer: connection refused`);
  }

  async #start(execution: AgentExecution | WorkflowExecution, options: RunOptions): Promise<StartOutcome> {
    this.#asked = true;
    const outcome = this.down ? 'refused' : (this.outcomes.shift() ?? 'started');
    if (outcome !== 'started') return { outcome, reason: unavailable(`Temporal at ${this.address} does not answer: connection refused`) };
    this.started.set(execution.metadata?.id ?? '', { execution, options });
    return { outcome };
  }
}
