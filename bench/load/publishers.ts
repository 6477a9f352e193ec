import { create, toBinary } from '@bufbuild/protobuf';
import { AgentExecutionUpdateStatusInputSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { AgentExecutionCommandController } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { ExecutionPhase, MessageType } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { BarePath } from '../floors/bare-paths.js';
import { pathOf, text } from '../requests.js';
import { Connection, type Target } from './connection.js';
import { completed, eventsMessage, messageAppended, messageUpdated, textAppended } from './report-messages.js';
import { ReportStream } from './report-stream.js';
import { leanTransport, type Traffic } from './transport.js';
import { STEP_DIGITS, stepMark } from './watch-items.js';

/** What makes the steps that watchers are to see. */
export type PublisherJob =
  /** Appends text to a conversation, by Report. */
  | { readonly kind: 'text'; readonly executionId: string; readonly bytes: number }
  /** Replaces a message by Report, so that the state keeps its size. */
  | { readonly kind: 'message'; readonly executionId: string; readonly bytes: number }
  /** Sends full statuses, one at a time, as the original's runners do. */
  | { readonly kind: 'update-status'; readonly executionId: string; readonly bytes: number }
  /** The same, of a conversation that each step makes longer. */
  | { readonly kind: 'growing-status'; readonly executionId: string; readonly bytes: number }
  /** Has the bare server write to all. */
  | { readonly kind: 'bare'; readonly bytes: number };

export interface Publisher {
  /** Revision of the log before step 1; 0 where steps are known by their mark. */
  readonly base: number;
  /** Makes a step. Resolves when the next may be made. */
  publish(step: number): Promise<void>;
  /** Ends the run. */
  complete(): Promise<void>;
  traffic(): Traffic;
  close(): void;
}

export function openPublisher(target: Target, job: PublisherJob): Promise<Publisher> {
  switch (job.kind) {
    case 'bare':
      return barePublisher(target, job.bytes);
    case 'update-status':
    case 'growing-status':
      return statusPublisher(target, job);
    case 'text':
    case 'message':
      return reportPublisher(target, job);
  }
}

function marked(bytes: number, step: number): string {
  return text(Math.max(0, bytes - STEP_DIGITS - 1)) + stepMark(step);
}

async function barePublisher(target: Target, bytes: number): Promise<Publisher> {
  const connection = await Connection.open(target);
  const call = connection.call(BarePath.PUBLISH, { message: () => undefined });
  return {
    base: 0,
    publish: async (step) => call.send(Buffer.from(marked(bytes, step), 'latin1')),
    complete: async () => undefined,
    traffic: () => connection.traffic,
    close: () => connection.close(),
  };
}

async function reportPublisher(target: Target, { kind, executionId, bytes }: Extract<PublisherJob, { kind: 'text' | 'message' }>): Promise<Publisher> {
  const transport = await leanTransport(target);
  const stream = await ReportStream.open(transport, executionId);
  const index = stream.messageCount;
  stream.send(eventsMessage(1, [messageAppended(index)]));
  let sequence = 1;
  let wake = (): void => undefined;
  stream.onAck = () => wake();
  const acknowledged = (upTo: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      wake = () => upTo() && resolve();
      wake();
    });
  await acknowledged(() => stream.acknowledged >= 1);
  return {
    base: stream.revision + 1,
    async publish(step) {
      sequence += 1;
      const event = kind === 'text' ? textAppended(index, (step - 1) * bytes, text(bytes)) : messageUpdated(index, marked(bytes, step));
      stream.send(eventsMessage(sequence, [event]));
      if (sequence - stream.acknowledged >= stream.window) await acknowledged(() => sequence - stream.acknowledged < stream.window);
    },
    async complete() {
      sequence += 1;
      stream.send(eventsMessage(sequence, [completed()]));
      await stream.end();
    },
    traffic: () => transport.traffic() ?? { bytesIn: Number.NaN, bytesOut: Number.NaN },
    close: () => transport.close(),
  };
}

/** Bytes of one message of a growing conversation. */
const MESSAGE_BYTES = 3_000;

async function statusPublisher(target: Target, { kind, executionId, bytes }: Extract<PublisherJob, { kind: 'update-status' | 'growing-status' }>): Promise<Publisher> {
  const connection = await Connection.open(target);
  const send = async (phase: ExecutionPhase, contents: readonly string[]): Promise<void> => {
    const messages = contents.map((content) => ({ type: MessageType.MESSAGE_AI, content, timestamp: '2026-11-22T12:00:00Z' }));
    const body = toBinary(AgentExecutionUpdateStatusInputSchema, create(AgentExecutionUpdateStatusInputSchema, { executionId, status: { phase, messages } }));
    const path = pathOf(AgentExecutionCommandController.method.updateStatus);
    const status = await new Promise<number>((resolve) => connection.call(path, { message: () => undefined, end: resolve }).send(body, true));
    if (status !== 0) throw new Error(`updateStatus of ${executionId} failed with status ${status}`);
  };
  const conversation = (step: number): string[] => {
    if (kind === 'update-status') return [marked(bytes, step)];
    const whole = text(step * bytes);
    const all = Array.from({ length: Math.ceil(whole.length / MESSAGE_BYTES) }, (_, i) => whole.slice(i * MESSAGE_BYTES, (i + 1) * MESSAGE_BYTES));
    return [...all.slice(0, -1), marked(all.at(-1)?.length ?? 0, step)];
  };
  return {
    base: 0,
    publish: (step) => send(ExecutionPhase.EXECUTION_IN_PROGRESS, conversation(step)),
    complete: () => send(ExecutionPhase.EXECUTION_COMPLETED, []),
    traffic: () => connection.traffic,
    close: () => connection.close(),
  };
}
