import { AgentExecutionCommandController } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { AgentExecutionQueryController } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import { AgentQueryController } from '../../src/contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { original } from '../baseline.js';
import type { Bench, Section } from '../bench.js';
import { BarePath } from '../floors/bare-paths.js';
import { encodeRequest, pathOf } from '../requests.js';
import { createAgent, createExecutions, statusOf } from '../system/fixtures.js';
import type { BareServer } from '../system/bare-server.js';
import type { StigmerServer } from '../system/stigmer-server.js';
import { compareUnary, unaryLoad } from './compare-unary.js';

const SIZES = [1, 10, 100];
const IN_FLIGHT = 32;

/** Reading one resource: what the edge and the validator cost. */
export const unaryGet: Section = {
  name: 'get',
  about: 'get an agent, and an execution, of 1, 10 and 100 KB',
  async run(bench) {
    const server = await bench.startServer();
    const bare = await bench.startBare();
    for (const kilobytes of SIZES) {
      const id = await createAgent(server, kilobytes * 1000);
      await getRow(bench, server, bare, `get an agent of ${kilobytes} KB`, kilobytes, {
        path: pathOf(AgentQueryController.method.get),
        body: encodeRequest(AgentQueryController.method.get, { value: id }),
      });
    }
    const ids = await createExecutions(server, SIZES.length);
    for (const [i, kilobytes] of SIZES.entries()) {
      const executionId = ids[i]!;
      await server.call(AgentExecutionCommandController.method.updateStatus, { executionId, status: statusOf(kilobytes * 1000, 1) });
      await getRow(bench, server, bare, `get an execution of ${kilobytes} KB`, kilobytes, {
        path: pathOf(AgentExecutionQueryController.method.get),
        body: encodeRequest(AgentExecutionQueryController.method.get, { value: executionId }),
      });
    }
  },
};

async function getRow(bench: Bench, server: StigmerServer, bare: BareServer, work: string, kilobytes: number, request: { path: string; body: Uint8Array }): Promise<void> {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(kilobytes * 1000);
  await compareUnary(bench, {
    work: `${work}, ${IN_FLIGHT} in flight`,
    load: unaryLoad(bench),
    ours: { server, path: request.path, bodies: { slots: [request.body], variants: [Buffer.alloc(0)] } },
    floor: { server: bare, path: BarePath.BLOB, bodies: { slots: [size], variants: [Buffer.alloc(0)] } },
    inFlight: IN_FLIGHT,
    goal: 0.5,
    original: original.get,
  });
}
