import { request } from 'node:http';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type AgentExecution, AgentExecutionSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { ExecutionStream, type WatchResponse, WatchRequestSchema, WatchResponseSchema } from '../../src/contract/gen/stigmer/stream/v1/stream_pb.js';
import { Phase } from '../../src/contract/phases.js';
import { pathOf } from '../requests.js';
import { Samples, type Summary } from '../stats.js';
import { serve } from '../system/remote.js';
import { machineTimeUs, tokensIn } from '../system/timed-model.js';
import { Connection, type Target } from './connection.js';

export interface RunJob {
  readonly target: Target;
  /** The encoded AgentExecution to be created. */
  readonly draft: Uint8Array;
}

export interface RunResult {
  readonly executionId: string;
  /** Times of the machine's clock, in microseconds. */
  readonly askedUs: number;
  readonly endedUs: number;
  /** From asking for the run, in milliseconds. */
  readonly createdMs: number;
  readonly inProgressMs: number;
  readonly firstTokenMs: number;
  /** From the model's socket to this watcher. */
  readonly tokenMs: Summary;
  /** The phase at the end. */
  readonly phase: number;
}

/** Creates a run and watches it to its end. */
async function run({ target, draft }: RunJob): Promise<RunResult> {
  const connection = await Connection.open(target);
  const tokens = new TokenTimes();
  const askedUs = machineTimeUs();
  const sinceAsked = (): number => (machineTimeUs() - askedUs) / 1000;
  const executionId = await createRun(connection, draft);
  const createdMs = sinceAsked();
  let inProgressMs = Number.NaN;
  let firstTokenMs = Number.NaN;
  let phase = 0;
  const status = await new Promise<number>((resolve) => {
    const call = connection.call(pathOf(ExecutionStream.method.watch), {
      message(message) {
        const response = fromBinary(WatchResponseSchema, message);
        if (Number.isNaN(inProgressMs) && saysInProgress(response)) inProgressMs = sinceAsked();
        if (tokens.take(message.toString('latin1')) && Number.isNaN(firstTokenMs)) firstTokenMs = sinceAsked();
        if (response.item.case === 'end') phase = response.item.value.phase;
      },
      end: resolve,
    });
    call.send(toBinary(WatchRequestSchema, create(WatchRequestSchema, { executionId })), true);
  });
  const endedUs = machineTimeUs();
  connection.close();
  if (status !== 0) throw new Error(`the watch of ${executionId} ended with status ${status}`);
  return { executionId, askedUs, endedUs, createdMs, inProgressMs, firstTokenMs, tokenMs: tokens.summary(), phase };
}

function createRun(connection: Connection, draft: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    let created: AgentExecution | undefined;
    const call = connection.call(pathOf(AgentExecutionCommandController.method.create), {
      message: (message) => (created = fromBinary(AgentExecutionSchema, message)),
      end: (status) => (status === 0 ? resolve(created?.metadata?.id ?? '') : reject(new Error(`create was answered with status ${status}`))),
    });
    call.send(draft, true);
  });
}

function saysInProgress({ item }: WatchResponse): boolean {
  if (item.case === 'snapshot') return item.value.execution.value?.status?.phase === (Phase.IN_PROGRESS as number);
  if (item.case !== 'deltas') return false;
  return item.value.events.some(({ change }) => change.case === 'phaseChanged' && change.value.phase === (Phase.IN_PROGRESS as number));
}

/** Reads an answer of the model itself: how long a token takes without us. */
function model({ url }: { readonly url: string }): Promise<Summary> {
  const tokens = new TokenTimes();
  return new Promise((resolve, reject) => {
    const call = request(`${url}/chat/completions`, { method: 'POST' }, (response) => {
      response.on('data', (chunk: Buffer) => tokens.take(chunk.toString('latin1')));
      response.on('end', () => resolve(tokens.summary()));
    });
    call.on('error', reject);
    call.end('{}');
  });
}

/** Collects how old tokens are when they are first seen. */
class TokenTimes {
  readonly #samples = new Samples();
  #seen = 0;

  /** Whether there was a new token in the text. */
  take(text: string): boolean {
    const now = machineTimeUs();
    const before = this.#seen;
    for (const { number, atUs } of tokensIn(text)) {
      if (number <= this.#seen) continue;
      this.#seen = number;
      this.#samples.add((now - atUs) / 1000);
    }
    return this.#seen > before;
  }

  summary(): Summary {
    return this.#samples.summary();
  }
}

const functions = { run, model };
export type TokenLoad = typeof functions;
serve(functions);
