import type { RpcClient } from '../../client/rpc-client.js';
import { UNREACHABLE } from '../../client/unreachable.js';
import { Code, StigmerError } from '../../contract/errors.js';
import { SystemService } from '../../contract/gen/stigmer/system/v1/system_pb.js';

/**
 * Whether the server reads the metadata that we send beside a request. The original's does not: it would take a dry run for the deed.
 * Throws when no server answers.
 */
export async function knowsOurMetadata(client: RpcClient, signal: AbortSignal): Promise<boolean> {
  try {
    await client.unary(SystemService.method.getStatus, {}, { signal });
    return true;
  } catch (error) {
    const known = StigmerError.from(error);
    if (known.reason === UNREACHABLE || known.code === Code.CANCELLED) throw known;
    return known.code !== Code.UNIMPLEMENTED;
  }
}
