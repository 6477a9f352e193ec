import { create, toBinary } from '@bufbuild/protobuf';
import { AgentExecutionUpdateStatusInputSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { AgentExecutionCommandController } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { ExecutionPhase, MessageType } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { BarePath } from '../floors/bare-paths.js';
import { pathOf, text } from '../requests.js';
import { Connection, type Target } from './connection.js';
import { completed, eventsMessage, messageAppended, messageUpdated, TextMessages } from './report-messages.js';
import { ReportStream } from './report-stream.js';
import { leanTransport } from './transport.js';
import { STEP_DIGITS, stepMark } from './watch-items.js';

/** What makes the steps that watchers are to see. */
export type PublisherJob =
  /** Appends text to a conversation, by Report. */
  | { readonly kind: 'text'; readonly executionId: string; readonly bytes: number }
  /** Replaces a message by Report, so that the state keeps its size. */
  | { readonly kind: 'message'; readonly executionId: string; readonly bytes: number }
  /** Sends full statuses, one at a time, as the original's runners do. */
  | { readonly kind: 'update-status'; readonly executionId: string; readonly bytes: number }
  /** Has the bare server write to all. */
  | { readonly kind: 'bare'; readonly bytes: number };

export interface Publisher {
  /** Revision of the log before step 1; 0 where steps are known by their mark. */
  readonly base: number;
  /** Makes a step. Resolves when the next may be made. */
  publish(step: number): Promise<void>;
  /** Ends the run. */
  complete(): Promise<void>;
  close(): void;
}

export function openPublisher(target: Target, job: PublisherJob): Promise<Publisher> {
  switch (job.kind) {
    case 'bare':
      return barePublisher(target, job.bytes);
    case 'update-status':
      return statusPublisher(target, job.executionId, job.bytes);
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
    close: () => connection.close(),
  };
}

async function reportPublisher(target: Target, { kind, executionId, bytes }: Extract<PublisherJob, { kind: 'text' | 'message' }>): Promise<Publisher> {
  const transport = await leanTransport(target);
  const stream = await ReportStream.open(transport, executionId);
  const index = stream.messageCount;
  const texts = new TextMessages(index, bytes, 1);
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
      stream.send(kind === 'text' ? texts.next(sequence) : eventsMessage(sequence, [messageUpdated(index, marked(bytes, step))]));
      if (sequence - stream.acknowledged >= stream.window) await acknowledged(() => sequence - stream.acknowledged < stream.window);
    },
    async complete() {
      sequence += 1;
      stream.send(eventsMessage(sequence, [completed()]));
      await stream.end();
    },
    close: () => transport.close(),
  };
}

async function statusPublisher(target: Target, executionId: string, bytes: number): Promise<Publisher> {
  const connection = await Connection.open(target);
  const send = async (phase: ExecutionPhase, content: string): Promise<void> => {
    const input = { executionId, status: { phase, messages: [{ type: MessageType.MESSAGE_AI, content, timestamp: '2026-11-22T12:00:00Z' }] } };
    const body = toBinary(AgentExecutionUpdateStatusInputSchema, create(AgentExecutionUpdateStatusInputSchema, input));
    const path = pathOf(AgentExecutionCommandController.method.updateStatus);
    const status = await new Promise<number>((resolve) => connection.call(path, { message: () => undefined, end: resolve }).send(body, true));
    if (status !== 0) throw new Error(`updateStatus of ${executionId} failed with status ${status}`);
  };
  return {
    base: 0,
    publish: (step) => send(ExecutionPhase.EXECUTION_IN_PROGRESS, marked(bytes, step)),
    complete: () => send(ExecutionPhase.EXECUTION_COMPLETED, marked(bytes, 0)),
    close: () => connection.close(),
  };
}
