import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { RpcClient } from '../../src/client/rpc-client.js';
import { Reporter } from '../../src/client/reporter.js';
import { systemClock } from '../../src/contract/clock.js';
import { Code, StigmerError } from '../../src/contract/errors.js';
import { AgentMessageSchema, ToolCallSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { MessageType } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import type { ExecutionEventSchema } from '../../src/contract/gen/stigmer/stream/v1/event_pb.js';
import { ExecutionStream } from '../../src/contract/gen/stigmer/stream/v1/stream_pb.js';
import { Phase } from '../../src/contract/phases.js';
import { executionEvent } from '../../src/execution/event.js';

/** Somebody who writes to one execution until told to end it, through every break, and keeps account of what was acknowledged. */
export interface HistoryWriter {
  readonly executionId: string;
  /** What contradicts an acknowledgement; empty when all is well. */
  readonly faults: string[];
  /** Updates that the server has acknowledged. */
  readonly acknowledged: number;
  /** What this writer's part of the execution must be once it has ended. */
  expected(): WrittenPart;
  /** Says its last and ends. Resolves when the server has acknowledged everything, however often it must be told. */
  finish(): Promise<void>;
}

/** The part of an execution that one writer has written. */
export interface WrittenPart {
  /** Contents of the messages of the AI, in order. */
  readonly texts?: readonly string[];
  /** Ids of tool calls, in order. */
  readonly toolCalls?: readonly string[];
}

const RETRY_MS = 20;
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether another try may help: the server was killed. */
function isBreak(error: unknown): boolean {
  const { code } = StigmerError.from(error);
  return code === Code.UNAVAILABLE || code === Code.CANCELLED || code === Code.DEADLINE_EXCEEDED || code === Code.UNKNOWN || code === Code.INTERNAL;
}

type Event = MessageInitShape<typeof ExecutionEventSchema>;

/** Events of one report in their order: a message at every tenth, text at the end of the last one for the rest. Sequence numbers from 1. */
function eventOf(sequence: number): { readonly event: Event; readonly text: string; readonly opens: boolean } {
  const text = `${sequence};`;
  const opens = sequence % 10 === 1;
  const index = Math.floor((sequence - 1) / 10);
  if (opens) return { event: { change: { case: 'messageAppended', value: { index, message: create(AgentMessageSchema, { type: MessageType.MESSAGE_AI, content: text }) } } }, text, opens };
  let offset = 0;
  for (let before = index * 10 + 1; before < sequence; before += 1) offset += `${before};`.length;
  return { event: { change: { case: 'textAppended', value: { index, offset: BigInt(offset), text } } }, text, opens };
}

/**
 * Reports by hand, so that it knows of every event whether it was acknowledged: after a break it opens the report again, and what the
 * server says it has must be no less than it acknowledged and no more than it was sent. Some of what it has is sent once more.
 */
export class ReportWriter implements HistoryWriter {
  readonly executionId: string;
  readonly faults: string[] = [];
  readonly #client: RpcClient;
  readonly #leaseId: () => string;
  readonly #random: () => number;
  readonly #done: Promise<void>;
  #sent = 0;
  #acknowledged = 0;
  #finishing = false;
  /** Sequence number of the event that ends the execution, once it was sent. */
  #last: number | undefined;

  constructor(client: RpcClient, executionId: string, leaseId: () => string, random: () => number) {
    this.executionId = executionId;
    this.#client = client;
    this.#leaseId = leaseId;
    this.#random = random;
    this.#done = this.#run();
    this.#done.catch(() => undefined);
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  expected(): WrittenPart {
    const texts: string[] = [];
    for (let sequence = 1; sequence < (this.#last ?? 0); sequence += 1) {
      const { text, opens } = eventOf(sequence);
      if (opens) texts.push(text);
      else texts[texts.length - 1] += text;
    }
    return { texts };
  }

  finish(): Promise<void> {
    this.#finishing = true;
    return this.#done;
  }

  async #run(): Promise<void> {
    while (this.#last === undefined || this.#acknowledged < this.#last) {
      try {
        await this.#report();
      } catch (error) {
        if (!isBreak(error)) {
          // The report of a run whose last event has arrived is refused: that is the acknowledgement.
          if (this.#last !== undefined && this.#sent === this.#last && StigmerError.from(error).code === Code.FAILED_PRECONDITION) return;
          this.faults.push(`the report was refused: ${StigmerError.from(error).message}`);
          return;
        }
        await wait(RETRY_MS);
      }
    }
  }

  async #report(): Promise<void> {
    const call = this.#client.duplex(ExecutionStream.method.report);
    // A write that fails ends the call, which the reader hears.
    const send = (first: number, count: number): void => {
      const events = Array.from({ length: count }, (_unused, place) => (first + place === this.#last ? completed : eventOf(first + place).event));
      call.send({ frame: { case: 'events', value: { firstSequence: BigInt(first), events } } }).catch(() => undefined);
    };
    let next = 0;
    const over = new AbortController();
    const speak = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const room = 64 - (next - 1 - this.#acknowledged);
        if (next > (this.#last ?? Number.POSITIVE_INFINITY)) return;
        const count = Math.min(room, 1 + Math.floor(this.#random() * 8), this.#last === undefined ? 64 : this.#last - next + 1);
        if (count > 0) {
          if (this.#finishing && this.#last === undefined) this.#last = Math.max(this.#sent, next - 1 + count) + 1;
          send(next, count);
          next += count;
          this.#sent = Math.max(this.#sent, next - 1);
        }
        await wait(this.#random() < 0.3 ? 3 : 0);
      }
    };
    call.send({ frame: { case: 'open', value: { executionId: this.executionId, attempt: 1, runnerId: this.#leaseId() } } }).catch(() => undefined);
    try {
      for await (const { frame } of call.responses) {
        if (frame.case === 'ready') {
          const has = Number(frame.value.acknowledgedSequence);
          if (has < this.#acknowledged) this.faults.push(`${this.#acknowledged} events were acknowledged, and ${has} are there`);
          if (has > this.#sent) this.faults.push(`${this.#sent} events were sent, and ${has} are there`);
          this.#acknowledged = Math.max(this.#acknowledged, has);
          // A repeat changes nothing.
          next = Math.max(1, has + 1 - Math.floor(this.#random() * 5));
          void speak();
        } else if (frame.case === 'ack') {
          const sequence = Number(frame.value.sequence);
          if (sequence < this.#acknowledged) this.faults.push(`${sequence} was acknowledged after ${this.#acknowledged}`);
          if (sequence > this.#sent) this.faults.push(`${sequence} was acknowledged, and ${this.#sent} were sent`);
          this.#acknowledged = Math.max(this.#acknowledged, sequence);
          if (this.#acknowledged === this.#last) return;
        } else if (frame.case === 'stop') {
          throw new StigmerError(Code.FAILED_PRECONDITION, frame.value.reason);
        }
      }
      throw new StigmerError(Code.UNAVAILABLE, 'the server ended the report');
    } finally {
      over.abort();
      call.cancel();
    }
  }
}

const completed: Event = { change: { case: 'phaseChanged', value: { phase: Phase.COMPLETED } } };

/** Reports by the client that our runner uses, which joins what waits, and goes on by itself after a break. */
export class ClientWriter implements HistoryWriter {
  readonly executionId: string;
  readonly faults: string[] = [];
  readonly #reporter: Reporter;
  readonly #done: Promise<void>;
  #text = '';
  #acknowledged = 0;
  #finishing = false;

  constructor(client: RpcClient, executionId: string, leaseId: () => string, random: () => number) {
    this.executionId = executionId;
    this.#reporter = new Reporter({ client, clock: systemClock, executionId, runnerId: leaseId, attempt: 1, onStop: (reason) => this.#stopped(reason) });
    this.#done = this.#run(random);
    this.#done.catch(() => undefined);
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  expected(): WrittenPart {
    return { texts: [this.#text] };
  }

  finish(): Promise<void> {
    this.#finishing = true;
    return this.#done;
  }

  async #run(random: () => number): Promise<void> {
    await this.#reporter.open();
    this.#reporter.append(executionEvent('messageAppended', { index: 0, message: create(AgentMessageSchema, { type: MessageType.MESSAGE_AI }) }));
    for (let word = 1; !this.#finishing; word += 1) {
      const text = `word ${word};`;
      this.#reporter.append(executionEvent('textAppended', { index: 0, offset: BigInt(this.#text.length), text }));
      this.#text += text;
      if (random() < 0.9) continue;
      await this.#reporter.flush();
      this.#acknowledged = word;
    }
    this.#reporter.append(executionEvent('phaseChanged', { phase: Phase.COMPLETED }));
    // It may have been heard although nobody could say so: then the report is refused when it is opened again.
    await this.#reporter.flush().catch((error: unknown) => {
      if (StigmerError.from(error).code !== Code.FAILED_PRECONDITION) throw error;
    });
    this.#reporter.close();
  }

  #stopped(reason: string): void {
    if (!this.#finishing) this.faults.push(`the report was stopped: ${reason}`);
  }
}

/** What a writer of full statuses has its hands on; two of them share an execution. */
export type StatusPart = 'messages' | 'toolCalls';

/** Sends full statuses as the original's runner does, of one list alone, each with one element more, and tries each until it is heard. */
export class StatusWriter implements HistoryWriter {
  readonly executionId: string;
  readonly faults: string[] = [];
  readonly #client: RpcClient;
  readonly #part: StatusPart;
  readonly #done: Promise<void>;
  #acknowledged = 0;
  #finishing = false;

  constructor(client: RpcClient, executionId: string, part: StatusPart) {
    this.executionId = executionId;
    this.#client = client;
    this.#part = part;
    this.#done = this.#run();
    this.#done.catch(() => undefined);
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  expected(): WrittenPart {
    const all = Array.from({ length: this.#acknowledged }, (_unused, place) => nameOf(this.#part, place));
    return this.#part === 'messages' ? { texts: all } : { toolCalls: all };
  }

  finish(): Promise<void> {
    this.#finishing = true;
    return this.#done;
  }

  async #run(): Promise<void> {
    for (;;) {
      const length = this.#acknowledged + 1;
      const names = Array.from({ length }, (_unused, place) => nameOf(this.#part, place));
      const lists =
        this.#part === 'messages'
          ? { messages: names.map((content) => create(AgentMessageSchema, { type: MessageType.MESSAGE_AI, content })) }
          : { toolCalls: names.map((id) => create(ToolCallSchema, { id, name: 'read_file' })) };
      try {
        const { status } = await this.#client.unary(AgentExecutionCommandController.method.updateStatus, { executionId: this.executionId, status: { phase: Phase.IN_PROGRESS, ...lists } });
        const has = this.#part === 'messages' ? status?.messages.filter(({ type }) => type === MessageType.MESSAGE_AI).length : status?.toolCalls.length;
        if (has !== length) this.faults.push(`${length} ${this.#part} were acknowledged, and the answer has ${has}`);
        this.#acknowledged = length;
        if (this.#finishing) return;
      } catch (error) {
        if (!isBreak(error)) {
          this.faults.push(`the status was refused: ${StigmerError.from(error).message}`);
          return;
        }
        await wait(RETRY_MS);
      }
    }
  }
}

function nameOf(part: StatusPart, place: number): string {
  return `${part} ${place + 1}`;
}

/** Ends an execution whose writers say nothing more. Resolves when the server has acknowledged it. */
export async function complete(client: RpcClient, executionId: string): Promise<void> {
  for (;;) {
    try {
      await client.unary(AgentExecutionCommandController.method.updateStatus, { executionId, status: { phase: Phase.COMPLETED } });
      return;
    } catch (error) {
      if (!isBreak(error)) throw error;
      await wait(RETRY_MS);
    }
  }
}
