/**
 * What `stigmer/watch` exports: everything a program needs to watch executions of a server.
 *
 * ```ts
 * const client = new RpcClient({ endpoint: '127.0.0.1:7234', token });
 * for await (const event of followExecution(client, id, { kind: 'agent' })) show(event);
 * ```
 */
export { StigmerError } from '../contract/errors.js';
export type { AnyExecution, FollowEvent, FollowOptions } from './follow-execution.js';
export { followExecution } from './follow-execution.js';
export type { CallOptions, RpcClientOptions } from './rpc-client.js';
export { RpcClient } from './rpc-client.js';
export type { WatchEvent, WatchOptions } from './watch-execution.js';
export { watchExecution, watchExecution$ } from './watch-execution.js';
