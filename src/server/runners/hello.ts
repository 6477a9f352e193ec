import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Logger } from 'pino';
import type { Clock } from '../../contract/clock.js';
import { aborted, Code, invalidArgument, StigmerError, unavailable } from '../../contract/errors.js';
import { HelloResponseSchema, type HelloRequest, type HelloResponse, type Introduction } from '../../contract/gen/stigmer/runner/v1/runner_pb.js';
import type { CallContext, Send } from '../rpc.js';
import { checkIntroduction } from './introduction.js';
import type { Lease, LeaseRegistry } from './lease-registry.js';

export interface HelloOptions {
  readonly leases: LeaseRegistry;
  readonly clock: Clock;
  readonly log: Logger;
  readonly serverVersion: string;
  /** A lease without a heartbeat for so long is lost, in milliseconds. */
  readonly ttlMs: number;
}

/** Holds a lease for as long as the stream lives and heartbeats arrive. */
export async function hello(options: HelloOptions, requests: AsyncIterable<HelloRequest>, send: Send<HelloResponse>, call: CallContext): Promise<void> {
  const iterator = requests[Symbol.asyncIterator]();
  const introduction = await firstFrame(iterator);
  checkIntroduction(introduction, call.caller, options.serverVersion);
  const holder = new LeaseHolder(options, introduction, call, send);
  await holder.hold(iterator);
}

async function firstFrame(iterator: AsyncIterator<HelloRequest>): Promise<Introduction> {
  const first = await iterator.next();
  if (first.done === true || first.value.frame.case !== 'introduction') throw invalidArgument('frame', 'must be an introduction first');
  return first.value.frame.value;
}

class LeaseHolder {
  readonly #options: HelloOptions;
  readonly #send: Send<HelloResponse>;
  readonly #lease: Lease;
  readonly #ended: Promise<never>;
  #end: (reason: StigmerError) => void = () => undefined;
  #cancelExpiry: () => void = () => undefined;

  constructor(options: HelloOptions, introduction: Introduction, call: CallContext, send: Send<HelloResponse>) {
    this.#options = options;
    this.#send = send;
    this.#ended = new Promise((_resolve, reject) => {
      this.#end = reject;
    });
    this.#ended.catch(() => undefined);
    this.#lease = options.leases.open(introduction, call.caller.name, {
      cancel: (executionId, reason) => this.#push({ case: 'cancel', value: { executionId, reason } }),
      drain: (reason) => this.#push({ case: 'drain', value: { reason } }),
      replace: () => this.#end(aborted(`another ${introduction.component} has come as ${introduction.name}`)),
    });
    options.log.info({ lease: this.#lease.id, runner: introduction.name, version: introduction.version, endpoint: introduction.endpoint }, 'a lease is held');
  }

  async hold(requests: AsyncIterator<HelloRequest>): Promise<void> {
    const { leases, ttlMs, serverVersion, log } = this.#options;
    let reason = 'it said goodbye';
    try {
      this.#expectHeartbeat();
      await this.#send(frame({ case: 'lease', value: { leaseId: this.#lease.id, ttlMs, serverVersion } }));
      await Promise.race([this.#listen(requests), this.#ended]);
    } catch (error) {
      const failure = StigmerError.from(error);
      reason = failure.code === Code.CANCELLED ? 'its connection was lost' : failure.message;
      throw error;
    } finally {
      this.#cancelExpiry();
      leases.close(this.#lease, reason);
      log.info({ lease: this.#lease.id, runner: this.#lease.introduction.name, reason }, 'a lease has ended');
    }
  }

  async #listen(requests: AsyncIterator<HelloRequest>): Promise<void> {
    for (;;) {
      const next = await requests.next();
      if (next.done === true) return;
      const { frame: received } = next.value;
      if (received.case !== 'heartbeat') throw invalidArgument('frame', 'must be a heartbeat after the introduction');
      this.#expectHeartbeat();
      this.#options.leases.beat(this.#lease, received.value.slotsUsed, received.value.executionIds);
    }
  }

  #expectHeartbeat(): void {
    const { clock, ttlMs } = this.#options;
    this.#cancelExpiry();
    this.#cancelExpiry = clock.setTimer(ttlMs, () => this.#end(unavailable(`no heartbeat came for ${ttlMs / 1000} s`)));
  }

  #push(pushed: NonNullable<MessageInitShape<typeof HelloResponseSchema>['frame']>): void {
    this.#send(frame(pushed)).catch((error: unknown) => this.#end(StigmerError.from(error)));
  }
}

function frame(value: NonNullable<MessageInitShape<typeof HelloResponseSchema>['frame']>): HelloResponse {
  return create(HelloResponseSchema, { frame: value });
}
