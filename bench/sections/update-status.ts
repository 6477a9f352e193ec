import { AgentExecutionCommandController } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { original } from '../baseline.js';
import type { Section } from '../bench.js';
import { BarePath } from '../floors/bare-paths.js';
import { encodeRequest, pathOf } from '../requests.js';
import { createExecutions, statusOf } from '../system/fixtures.js';
import { commitRow } from './commit-row.js';
import { compareUnary, unaryLoad } from './compare-unary.js';

const SIZES = [1, 10, 100] as const;
const EXECUTIONS = 32;
/** States of the last message, in the order in which a runner would send them. */
const VARIANTS = 16;
/** What the streaming core asks for at 10 KB, and the least at any size. */
const goal = (kilobytes: number): number => (kilobytes === 10 ? 0.75 : 0.4);

/** Full statuses, as the original's runners send them: durable, and answered with the whole execution. */
export const updateStatus: Section = {
  name: 'update-status',
  about: 'durable updateStatus of 1, 10 and 100 KB, on 32 executions and on one',
  async run(bench) {
    const server = await bench.startServer();
    const bare = await bench.startBare();
    const load = unaryLoad(bench);
    const { updateStatus: method } = AgentExecutionCommandController.method;
    const ids = await createExecutions(server, (EXECUTIONS + 1) * SIZES.length);
    for (const kilobytes of SIZES) {
      const [one, ...many] = ids.splice(0, EXECUTIONS + 1);
      const variants = statuses(kilobytes * 1000);
      for (const [name, executions, figure] of [['32 executions, one in flight each', many, original.updateStatus.many], ['one execution, one in flight', [one!], original.updateStatus.one]] as const) {
        const slots = executions.map((executionId) => encodeRequest(method, { executionId }));
        await compareUnary(bench, {
          work: `updateStatus ${kilobytes} KB, ${name}`,
          load,
          ours: { server, path: pathOf(method), bodies: { slots, variants } },
          floor: { server: bare, path: BarePath.ECHO, bodies: { slots, variants } },
          inFlight: slots.length,
          ...(executions === many ? { goal: goal(kilobytes) } : {}),
          original: figure[kilobytes],
        });
      }
    }
    await commitRow(bench, 'one row of 1 KB a commit', 1_000, 1);
    await commitRow(bench, '32 rows of 1 KB a commit', 1_000, 32);
  },
};

function statuses(bytes: number): Uint8Array[] {
  return Array.from({ length: VARIANTS }, (_, i) =>
    encodeRequest(AgentExecutionCommandController.method.updateStatus, { status: statusOf(bytes, (i + 1) / VARIANTS) }),
  );
}

