import { clone, create, equals } from '@bufbuild/protobuf';
import type { RpcClient } from '../../src/client/rpc-client.js';
import { watchExecution, type WatchOptions } from '../../src/client/watch-execution.js';
import { type AgentExecution, type AgentExecutionStatus, AgentExecutionStatusSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { MessageType } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { AgentExecutionQueryController } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { type ExecutionEvent, ExecutionEventSchema, ExecutionStateSchema } from '../../src/contract/gen/stigmer/stream/v1/event_pb.js';
import type { Notice } from '../../src/contract/gen/stigmer/stream/v1/notice_pb.js';
import type { Deltas, End, Snapshot } from '../../src/contract/gen/stigmer/stream/v1/stream_pb.js';
import { Code, StigmerError } from '../../src/contract/errors.js';
import { isTerminal, phaseName } from '../../src/contract/phases.js';
import { apply } from '../../src/execution/apply.js';
import { type Projection, projectionOf } from '../../src/execution/projection.js';

/**
 * Watches an agent execution to its end as any client does, through every break, and holds what it hears against what is promised:
 * revisions without a gap and without a repeat, deltas that fit, the same event at the same revision whenever it is told, and the end
 * last, once.
 */
export class ExecutionWitness {
  readonly snapshots: Snapshot[] = [];
  readonly deltas: Deltas[] = [];
  readonly notices: Notice[] = [];
  /** What was told, in order, by the names of the items. */
  readonly heard: string[] = [];
  /** What contradicts the promise; empty when all is well. */
  readonly faults: string[] = [];
  /** The events that were told one by one, by revision. */
  readonly events = new Map<bigint, ExecutionEvent>();
  breaks = 0;
  end: End | undefined;
  /** Resolves with the end; rejects when the watch fails. */
  readonly ended: Promise<End>;
  #projection: Projection | undefined;
  #revision = 0n;
  #logId = '';

  constructor(client: RpcClient, executionId: string, options: WatchOptions = {}) {
    this.ended = this.#watch(client, executionId, options);
    this.ended.catch(() => undefined);
  }

  /** What it knows of the execution by now. */
  get status(): AgentExecutionStatus | undefined {
    const status = this.#projection?.state.status;
    return status?.case === 'agent' ? status.value : undefined;
  }

  /** What the agent has said so far, by its messages. */
  get texts(): string[] {
    return textsOf(this.status);
  }

  async #watch(client: RpcClient, executionId: string, options: WatchOptions): Promise<End> {
    for await (const event of watchExecution(client, executionId, options)) {
      if (this.end !== undefined) this.faults.push(`${event.type} after the end`);
      if (event.type !== 'bookmark') this.heard.push(event.type);
      if (event.type === 'break') this.breaks += 1;
      if (event.type === 'notice') this.notices.push(event.notice);
      if (event.type === 'snapshot') this.#takeSnapshot(event.snapshot);
      if (event.type === 'deltas') this.#takeDeltas(event.deltas);
      if (event.type === 'end') this.#takeEnd(event.end);
    }
    if (this.end === undefined) throw new Error('the watch ended without an end');
    return this.end;
  }

  #takeSnapshot(snapshot: Snapshot): void {
    const { at, execution, resync, resyncReason } = snapshot;
    this.snapshots.push(snapshot);
    if (execution.case !== 'agent' || at === undefined) {
      this.faults.push(`a snapshot without ${at === undefined ? 'its place' : 'an agent execution'}`);
      return;
    }
    if (this.snapshots.length > 1 && !resync) this.faults.push(`a second snapshot, at ${at.revision}, that is not marked resync`);
    if (resync && at.logId === this.#logId && resyncReason === '') this.faults.push('a resync without a reason');
    if (at.logId === this.#logId && at.revision < this.#revision) this.faults.push(`a snapshot at ${at.revision} after revision ${this.#revision}`);
    this.#logId = at.logId;
    this.#revision = at.revision;
    const status = clone(AgentExecutionStatusSchema, execution.value.status ?? create(AgentExecutionStatusSchema));
    this.#projection = projectionOf(create(ExecutionStateSchema, { status: { case: 'agent', value: status } }));
  }

  #takeDeltas(deltas: Deltas): void {
    const { firstRevision, lastRevision, events, conflated } = deltas;
    this.deltas.push(deltas);
    if (firstRevision !== this.#revision + 1n) this.faults.push(`revision ${firstRevision} after ${this.#revision}`);
    if (!conflated && BigInt(events.length) !== lastRevision - firstRevision + 1n) this.faults.push(`${events.length} events for ${firstRevision} to ${lastRevision}`);
    this.#revision = lastRevision;
    for (const [place, event] of events.entries()) {
      if (!conflated) this.#note(firstRevision + BigInt(place), event);
      try {
        if (this.#projection === undefined) throw new Error('there is no snapshot');
        apply(this.#projection, clone(ExecutionEventSchema, event));
      } catch (error) {
        this.faults.push(`the event at ${firstRevision + BigInt(place)} does not fit: ${(error as Error).message}`);
      }
    }
  }

  #note(revision: bigint, event: ExecutionEvent): void {
    const earlier = this.events.get(revision);
    if (earlier !== undefined && !equals(ExecutionEventSchema, earlier, event)) this.faults.push(`two events at revision ${revision}`);
    this.events.set(revision, event);
  }

  #takeEnd(end: End): void {
    this.end = end;
    if (end.at?.revision !== this.#revision) this.faults.push(`the end at ${end.at?.revision} after revision ${this.#revision}`);
    const phase: number = this.status?.phase ?? 0;
    if (phase !== end.phase) this.faults.push(`the end is ${phaseName(end.phase)}, the state ${phaseName(phase)}`);
  }
}

/** Subscribes to an agent execution as the original's clients do, anew after each break, and holds what it hears against the promise. */
export class PlainSubscriber {
  readonly executions: AgentExecution[] = [];
  readonly faults: string[] = [];
  breaks = 0;
  /** Resolves with the final state, once the stream has ended by itself. */
  readonly ended: Promise<AgentExecution>;

  constructor(client: RpcClient, executionId: string) {
    this.ended = this.#subscribe(client, executionId);
    this.ended.catch(() => undefined);
  }

  async #subscribe(client: RpcClient, executionId: string): Promise<AgentExecution> {
    for (;;) {
      try {
        for await (const execution of client.serverStream(AgentExecutionQueryController.method.subscribe, { value: executionId })) this.#take(execution);
        const last = this.executions.at(-1);
        if (last === undefined || !isTerminal(last.status?.phase ?? 0)) this.faults.push('the stream ended before the execution');
        return last!;
      } catch (error) {
        if (StigmerError.from(error).code !== Code.UNAVAILABLE) throw error;
        this.breaks += 1;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  #take(execution: AgentExecution): void {
    const before = this.executions.at(-1)?.status;
    this.executions.push(execution);
    if (before === undefined) return;
    const phase = execution.status?.phase ?? 0;
    if (phase < before.phase) this.faults.push(`${phaseName(phase)} after ${phaseName(before.phase)}`);
    if (isTerminal(before.phase) && !isTerminal(phase)) this.faults.push(`${phaseName(phase)} after the end`);
    const texts = textsOf(execution.status);
    const lost = textsOf(before).some((text, place) => !texts[place]?.startsWith(text));
    if (lost) this.faults.push(`a message became shorter or was changed: ${JSON.stringify(textsOf(before))} became ${JSON.stringify(texts)}`);
  }
}

/** What the agent has said, by its messages. */
export function textsOf(status: AgentExecutionStatus | undefined): string[] {
  return (status?.messages ?? []).flatMap(({ type, content }) => (type === MessageType.MESSAGE_AI && content !== '' ? [content] : []));
}
