import { RpcClient } from '../../client/rpc-client.js';
import { StigmerError } from '../../contract/errors.js';
import { ExecutionStream, type ExecutionSummary } from '../../contract/gen/stigmer/stream/v1/stream_pb.js';
import { Phase } from '../../contract/phases.js';
import { serverAddress } from '../connection/server-address.js';
import type { CliContext } from '../context.js';
import { dim } from '../terminal/output.js';

/** A server that does not answer within this time is stopped without being asked. */
const TIMEOUT_MS = 2_000;

/** Executions that the server of this home is working on; none when it does not answer, which is said. */
export async function executionsInProgress(ctx: CliContext, address: string | undefined): Promise<readonly ExecutionSummary[]> {
  if (address === undefined) return [];
  const { endpoint, tls, token } = await serverAddress(address, ctx.env, {});
  const client = new RpcClient({ endpoint, tls, token });
  try {
    for await (const { item } of client.serverStream(ExecutionStream.method.watchList, { phases: [Phase.IN_PROGRESS] }, { timeoutMs: TIMEOUT_MS, signal: ctx.signal })) {
      if (item.case === 'snapshot') return item.value.executions;
    }
    return [];
  } catch (error) {
    ctx.err.line(dim(`the server at ${endpoint} could not be asked for executions in progress: ${StigmerError.from(error).message}`));
    return [];
  } finally {
    client.close();
  }
}
