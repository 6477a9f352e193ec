import { AgentCommandController } from '../../src/contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import { AgentExecutionCommandController } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { original } from '../baseline.js';
import type { Section } from '../bench.js';
import { BarePath } from '../floors/bare-paths.js';
import { microseconds, milliseconds, percent, perSecond } from '../format.js';
import type { UnaryJob, UnaryResult } from '../load/unary.js';
import { encodeRequest, pathOf } from '../requests.js';
import { type Measured, measured } from '../side-by-side.js';
import { agentDraft, createAgent, executionDraft } from '../system/fixtures.js';
import { commitRow } from './commit-row.js';
import { assertAnswered, unaryLoad } from './compare-unary.js';

const IN_FLIGHT = 16;
/** Stands where each draft's name has its number. */
const COUNTER = '00000000';
/** Least creations a second: forty times what the original does of its first thousand. */
const GOAL = 40 * 16.5;
/** How much slower the second thousand may be, for the cost to count as flat. */
const FLAT = 0.85;

/** Creating things: validation, a transaction, and, for an execution, the start of its workflow. */
export const create: Section = {
  name: 'create',
  about: 'create an agent, first and second thousand; create an execution',
  async run(bench) {
    const server = await bench.startServer();
    const bare = await bench.startBare();
    const load = unaryLoad(bench);
    const thousand = bench.quick ? 50 : 1_000;
    const call = async (job: Pick<UnaryJob, 'path' | 'bodies' | 'from' | 'calls'>, place: typeof server | typeof bare) => {
      const taken = await measured(place, () => load.call('run', { ...job, target: place.target, inFlight: IN_FLIGHT }));
      assertAnswered(job.path, taken.result);
      return taken;
    };

    const { create: createMethod } = AgentCommandController.method;
    const bodies = { slots: [Buffer.alloc(0)], variants: [encodeRequest(createMethod, agentDraft(`agent-${COUNTER}`, 1_000))], counter: COUNTER };
    bench.progress('create an agent');
    const floor = await call({ path: BarePath.ECHO, bodies, calls: thousand }, bare);
    // Code that is not compiled yet would make the first thousand slow and the second look fast.
    await call({ path: pathOf(createMethod), bodies, from: 90_000_000, calls: thousand / 5 }, server);
    const first = await call({ path: pathOf(createMethod), bodies, from: 0, calls: thousand }, server);
    const second = await call({ path: pathOf(createMethod), bodies, from: thousand, calls: thousand }, server);
    const ratio = (taken: Measured<UnaryResult>): string => percent(rateOf(taken) / rateOf(floor));
    bench.row({ work: `create an agent, ${IN_FLIGHT} in flight, first thousand`, ours: describe(first), floor: describe(floor), ratio: ratio(first), goal: `≥ ${perSecond(GOAL)}`, met: rateOf(first) >= GOAL, original: original.createAgent.first });
    bench.row({ work: 'the same, second thousand', ours: describe(second), floor: describe(floor), ratio: ratio(second), goal: 'flat', met: rateOf(second) >= FLAT * rateOf(first), original: original.createAgent.second });

    const { create: runMethod } = AgentExecutionCommandController.method;
    const agentId = await createAgent(server);
    const execution = await server.call(runMethod, executionDraft({ agentId }));
    const sessionId = execution.spec?.sessionId ?? '';
    for (const [work, place, figure] of [
      ['create an execution in a session', { sessionId }, original.createExecution.inSession],
      ['create an execution by its agent, with a session of its own', { agentId }, original.createExecution.byAgent],
    ] as const) {
      bench.progress(work);
      const draft = { slots: [Buffer.alloc(0)], variants: [encodeRequest(runMethod, executionDraft(place))] };
      const job = { path: pathOf(runMethod), bodies: draft, calls: thousand / 2 };
      const taken = await call(job, server);
      bench.row({ work, ours: describe(taken), floor: describe(floor), ratio: ratio(taken), original: figure });
    }
    await commitRow(bench, 'one row of 1.5 KB a commit', 1_500, 1);
  },
};

function rateOf({ result }: Measured<UnaryResult>): number {
  return result.calls / result.seconds;
}

function describe(taken: Measured<UnaryResult>): string {
  const { calls, latencyMs } = taken.result;
  return `${perSecond(rateOf(taken))} (${microseconds(taken.cpuUs / calls)}), p50 ${milliseconds(latencyMs.p50)}, p99 ${milliseconds(latencyMs.p99)}`;
}
