import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Clock } from '../contract/clock.js';
import { Code, StigmerError, unavailable } from '../contract/errors.js';
import { type HelloRequestSchema, type IntroductionSchema, RunnerService } from '../contract/gen/stigmer/runner/v1/runner_pb.js';
import { Backoff } from './backoff.js';
import type { RpcClient } from './rpc-client.js';
import { wait } from './wait.js';

/** What the holder of a lease is told. */
export interface LeaseEvents {
  /** The lease is held; work may be taken. Called again after each loss. */
  held(lease: { readonly id: string; readonly serverVersion: string; readonly ttlMs: number }): void;
  /** The lease is gone, or could not be had: why, and in how many milliseconds it is tried again. */
  lost(reason: StigmerError, retryInMs: number): void;
  /** A run is not wanted any more. */
  cancel(executionId: string, reason: string): void;
  /** Take no more work. */
  drain(reason: string): void;
}

export interface LeaseOptions {
  readonly client: RpcClient;
  readonly clock: Clock;
  readonly introduction: MessageInitShape<typeof IntroductionSchema>;
  /** What the runner is busy with, asked at each heartbeat. */
  readonly load: () => { readonly slotsUsed: number; readonly executionIds: readonly string[] };
  readonly events: LeaseEvents;
}

/** Errors after which another try cannot help: the server has no such service, or refuses this runner. */
const final: readonly number[] = [Code.UNIMPLEMENTED, Code.UNAUTHENTICATED, Code.PERMISSION_DENIED, Code.FAILED_PRECONDITION, Code.INVALID_ARGUMENT];

/** How long the server may take to give the lease. One that listens and says nothing must not keep a runner waiting without a word. */
const leaseWithinMs = 10_000;

/**
 * Holds a lease until the signal aborts: says Hello over the very path that reports will take, sends heartbeats at a third of the time
 * to live, and after a loss tries again with backoff. Throws StigmerError when the server refuses for good (`final`), UNIMPLEMENTED
 * from a server that knows no leases among them.
 */
export async function holdLease(options: LeaseOptions, signal: AbortSignal): Promise<void> {
  // Short: a runner and its server are often started together, and a run waits for neither.
  const backoff = new Backoff({ initialMs: 100, maxMs: 500 });
  while (!signal.aborted) {
    try {
      await holdOnce(options, signal, () => backoff.reset());
    } catch (error) {
      if (signal.aborted) return;
      const reason = StigmerError.from(error);
      if (final.includes(reason.code)) throw reason;
      const retryInMs = backoff.next();
      options.events.lost(reason, retryInMs);
      await wait(options.clock, retryInMs, signal);
    }
  }
}

async function holdOnce(options: LeaseOptions, signal: AbortSignal, onHeld: () => void): Promise<void> {
  const { client, clock, events } = options;
  const ended = new AbortController();
  const call = client.duplex(RunnerService.method.hello, { signal: AbortSignal.any([signal, ended.signal]) });
  let cancelHeartbeat = (): void => undefined;
  let late = false;
  const cancelWaiting = clock.setTimer(leaseWithinMs, () => {
    late = true;
    call.cancel();
  });
  // A write that fails ends the call, which the loop below reports.
  const send = (request: MessageInitShape<typeof HelloRequestSchema>): void => void call.send(request).catch(() => call.cancel());
  try {
    send({ frame: { case: 'introduction', value: options.introduction } });
    for await (const { frame } of call.responses) {
      switch (frame.case) {
        case 'lease': {
          const beatMs = frame.value.ttlMs / 3;
          const beat = (): void => {
            const { slotsUsed, executionIds } = options.load();
            send({ frame: { case: 'heartbeat', value: { slotsUsed, executionIds: [...executionIds] } } });
            cancelHeartbeat = clock.setTimer(beatMs, beat);
          };
          cancelWaiting();
          cancelHeartbeat();
          cancelHeartbeat = clock.setTimer(beatMs, beat);
          onHeld();
          events.held({ id: frame.value.leaseId, serverVersion: frame.value.serverVersion, ttlMs: frame.value.ttlMs });
          break;
        }
        case 'cancel':
          events.cancel(frame.value.executionId, frame.value.reason);
          break;
        case 'drain':
          events.drain(frame.value.reason);
          break;
      }
    }
    throw new StigmerError(Code.UNAVAILABLE, `the server at ${client.endpoint} ended the lease`);
  } catch (error) {
    if (late) throw unavailable(`the server at ${client.endpoint} has not answered to Hello within ${leaseWithinMs / 1000} s`, { cause: error });
    throw error;
  } finally {
    cancelWaiting();
    cancelHeartbeat();
    ended.abort();
  }
}
