import type { RpcClient } from '../../client/rpc-client.js';
import type { Clock } from '../../contract/clock.js';
import { Code, failedPrecondition, StigmerError } from '../../contract/errors.js';
import { AgentQueryController } from '../../contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { patiently } from '../run/patiently.js';

/**
 * Proves that a server which knows no leases, the original's, is reached over the path that a run will take, and takes this runner's
 * calls. Throws StigmerError when it is no stigmer-server, or refuses the runner.
 */
export async function assertServerAnswers(client: RpcClient, clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    // There is no agent without a name; that the server says so is the proof.
    await patiently(clock, signal, () => client.unary(AgentQueryController.method.getByReference, {}, { signal }));
  } catch (error) {
    const reason = StigmerError.from(error);
    if (reason.code === Code.NOT_FOUND || reason.code === Code.INVALID_ARGUMENT) return;
    if (reason.code !== Code.UNIMPLEMENTED) throw reason;
    throw failedPrecondition(`What answers at ${client.endpoint} (STIGMER_BACKEND_ENDPOINT) is no stigmer-server: ${reason.message}`, { cause: error });
  }
}
