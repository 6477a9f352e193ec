import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Clock } from '../contract/clock.js';
import { Code, StigmerError } from '../contract/errors.js';
import type { AgentExecutionStatus } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { type ExecutionEvent, ExecutionStateSchema } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import type { NoticeSchema } from '../contract/gen/stigmer/stream/v1/notice_pb.js';
import { apply } from '../execution/apply.js';
import { projectionOf, type Projection } from '../execution/projection.js';
import { Backoff } from './backoff.js';
import type { ExecutionReporter } from './reporter.js';
import type { RpcClient } from './rpc-client.js';
import { wait } from './wait.js';

export interface StatusReporterOptions {
  readonly client: RpcClient;
  readonly clock: Clock;
  readonly executionId: string;
  /** The status that the run starts from. */
  readonly status: AgentExecutionStatus;
  readonly onStop: (reason: string) => void;
}

/** Most often that a status is sent: the whole conversation goes each time. */
const intervalMs = 200;

/**
 * Reports to a server that has only `updateStatus`: keeps the status, and sends it whole, at most five times a second, until the server
 * has heard of every event.
 */
export class StatusReporter implements ExecutionReporter {
  readonly #options: StatusReporterOptions;
  readonly #projection: Projection;
  readonly #ended = new AbortController();
  #said = 0;
  #heard = 0;
  #sending: Promise<void> | undefined;
  #failure: StigmerError | undefined;

  constructor(options: StatusReporterOptions) {
    this.#options = options;
    this.#projection = projectionOf(create(ExecutionStateSchema, { status: { case: 'agent', value: options.status } }));
  }

  open(): Promise<{ readonly messageCount: number }> {
    return Promise.resolve({ messageCount: this.#options.status.messages.length });
  }

  append(event: ExecutionEvent): void {
    if (this.#failure !== undefined) return;
    apply(this.#projection, event);
    this.#said++;
    this.#sending ??= this.#send().finally(() => (this.#sending = undefined));
    // The loop keeps the failure for flush.
    this.#sending.catch(() => undefined);
  }

  notice(_notice: MessageInitShape<typeof NoticeSchema>): void {
    // Such a server has no place for notices.
  }

  async flush(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending.catch(() => undefined);
    if (this.#failure !== undefined) throw this.#failure;
  }

  close(): void {
    this.#ended.abort();
  }

  async #send(): Promise<void> {
    const { client, clock, executionId } = this.#options;
    const backoff = new Backoff({ initialMs: intervalMs, maxMs: 5_000 });
    while (this.#heard < this.#said && !this.#ended.signal.aborted) {
      const said = this.#said;
      const { status } = this.#projection.state;
      if (status.case !== 'agent') return;
      try {
        await client.unary(AgentExecutionCommandController.method.updateStatus, { executionId, status: status.value }, { signal: this.#ended.signal });
        this.#heard = said;
        backoff.reset();
        if (this.#heard < this.#said) await wait(clock, intervalMs, this.#ended.signal);
      } catch (error) {
        const reason = StigmerError.from(error);
        if (reason.code !== Code.UNAVAILABLE && reason.code !== Code.DEADLINE_EXCEEDED) {
          this.#failure = reason;
          this.#options.onStop(reason.message);
          return;
        }
        await wait(clock, backoff.next(), this.#ended.signal);
      }
    }
  }
}
