import { AgentExecutionQueryController } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { ExecutionStream } from '../../src/contract/gen/stigmer/stream/v1/stream_pb.js';
import type { Bench } from '../bench.js';
import { BarePath } from '../floors/bare-paths.js';
import type { FanOutLoad, PublishJob, PublishResult, WatchersJob } from '../load/fan-out.js';
import type { Target } from '../load/connection.js';
import { stepMark } from '../load/watch-items.js';
import { encodeRequest, pathOf } from '../requests.js';
import { type Measured, measured } from '../side-by-side.js';
import { Remote, type Usage } from '../system/remote.js';

/** Who watches what. */
export interface Audience<U extends Usage = Usage> {
  readonly server: { readonly target: Target; usage(): Promise<U> };
  readonly streams: Pick<WatchersJob, 'path' | 'requests' | 'items'>;
}

export interface AudienceOf<S extends Audience['server']> {
  readonly server: S;
  readonly streams: Audience['streams'];
}

/** Watchers of executions by our own Watch. */
export function watchers<S extends Audience['server']>(server: S, ...executionIds: readonly string[]): AudienceOf<S> {
  const { watch } = ExecutionStream.method;
  const requests = executionIds.map((executionId) => encodeRequest(watch, { executionId }));
  return { server, streams: { path: pathOf(watch), requests, items: 'watch' } };
}

/** Watchers of executions by the original's subscribe. */
export function subscribers<S extends Audience['server']>(server: S, ...executionIds: readonly string[]): AudienceOf<S> {
  const { subscribe } = AgentExecutionQueryController.method;
  const requests = executionIds.map((value) => encodeRequest(subscribe, { value }));
  return { server, streams: { path: pathOf(subscribe), requests, items: 'marked' } };
}

/** Readers of what the bare server writes. */
export function bareReaders<S extends Audience['server']>(server: S): AudienceOf<S> {
  return { server, streams: { path: BarePath.WATCH, requests: [Buffer.from(stepMark(0))], items: 'marked' } };
}

/** A client process with watchers and a publisher, for a section. */
export function fanOutLoad(bench: Bench): Remote<FanOutLoad> {
  const load = new Remote<FanOutLoad>('load/fan-out.js');
  bench.onEnd(() => load.stop());
  return load;
}

export interface Crowd {
  readonly connections: number;
  readonly perConnection?: number;
}

export type Publication = Omit<PublishJob, 'target'>;

/** Lets the audience in, publishes to it, and sends it home. */
export async function publishTo<U extends Usage>(
  load: Remote<FanOutLoad>,
  { server, streams }: Audience<U>,
  { connections, perConnection = 1 }: Crowd,
  job: Publication,
): Promise<Measured<PublishResult, U>> {
  const { target } = server;
  await load.call('open', { ...streams, target, connections, perConnection });
  try {
    return await measured(server, () => load.call('publish', { ...job, target }));
  } finally {
    await load.call('close', undefined);
  }
}
