import { original } from '../baseline.js';
import type { Bench, Section } from '../bench.js';
import { microseconds, milliseconds, perSecond, percent } from '../format.js';
import type { Target } from '../load/connection.js';
import type { ReportJob, ReportLoad } from '../load/reporters.js';
import { type Measured, measured } from '../side-by-side.js';
import { createExecutions } from '../system/fixtures.js';
import { Remote, type Usage } from '../system/remote.js';
import { commitRow } from './commit-row.js';

const RUNNERS = 32;
const EVENT_BYTES = 300;
/** Events of a run, before the runner takes its next: 1.2 MB of text. */
const PER_EXECUTION = 4_000;
/** More events a second than are to be expected, which executions have to be there for. */
const MOST_EXPECTED = 40_000;
const STEADY_RATE = 20_000;

const SATURATED = [
  { work: 'one event a message, grpc-js runners', client: 'grpc-js', eventsPerMessage: 1, goal: 25_000 },
  { work: 'ten a message, grpc-js runners', client: 'grpc-js', eventsPerMessage: 10, goal: 60_000 },
  { work: 'one event a message, lean runners', client: 'lean', eventsPerMessage: 1 },
  { work: 'ten a message, lean runners', client: 'lean', eventsPerMessage: 10 },
] as const;

/** Who takes the reports, and executions to report on. */
interface Receiver<U extends Usage> {
  readonly server: { readonly target: Target; usage(): Promise<U> };
  readonly bare: boolean;
  readonly executions: (count: number) => Promise<readonly string[]>;
}

/** What runners say, on disk before it is acknowledged. */
export const report: Section = {
  name: 'report',
  about: `durable Report of events of ${EVENT_BYTES} B from ${RUNNERS} runners`,
  async run(bench) {
    const server = await bench.startServer();
    const bareServer = await bench.startBare();
    const load = new Remote<ReportLoad>('load/reporters.js');
    bench.onEnd(() => load.stop());
    const ours = { server, bare: false, executions: (count: number) => createExecutions(server, count) };
    const bare = { server: bareServer, bare: true, executions: async (count: number) => Array.from({ length: count }, (_, i) => `run-${i}`) };

    for (const { work, client, eventsPerMessage, ...rest } of SATURATED) {
      const job = { client, eventsPerMessage, underWay: 64, milliseconds: bench.quick ? 300 : 4_000 };
      const floor = await takeReports(bench, load, bare, job);
      const taken = await takeReports(bench, load, ours, job);
      const rate = rateOf(taken);
      bench.row({
        work: `Report, ${work}`,
        ours: `${describe(taken)}, ack p50 ${milliseconds(taken.result.ackMs.p50)}, p99 ${milliseconds(taken.result.ackMs.p99)}`,
        floor: `no store: ${describe(floor)}`,
        ratio: percent(rate / rateOf(floor)),
        ...('goal' in rest ? { goal: `≥ ${perSecond(rest.goal)}`, met: rate >= rest.goal } : {}),
        original: original.report,
      });
    }

    const { result, cpuUs, after } = await takeReports(bench, load, ours, {
      client: 'lean',
      eventsPerMessage: 1,
      underWay: 512,
      milliseconds: bench.quick ? 500 : 8_000,
      rate: STEADY_RATE,
    });
    bench.row({
      work: `Report, steady ${perSecond(STEADY_RATE)}, one event a message`,
      ours: `${perSecond(result.events / result.seconds)}, ack p50 ${milliseconds(result.ackMs.p50)}, p99 ${milliseconds(result.ackMs.p99)}, loop p99 ${milliseconds(after.loopP99Ms)}, CPU ${percent(cpuUs / 1e6 / result.seconds)}`,
      goal: 'ack p99 ≤ 40 ms, loop p99 ≤ 15 ms',
      met: result.ackMs.p99 <= 40 && after.loopP99Ms <= 15,
      original: original.report,
    });
    await commitRow(bench, `${RUNNERS} rows of ${EVENT_BYTES} B a commit`, EVENT_BYTES, RUNNERS);
  },
};

type Job = Omit<ReportJob, 'target' | 'bare' | 'executions' | 'perExecution' | 'eventBytes'>;
type Taken = Measured<{ readonly events: number; readonly seconds: number }>;

async function takeReports<U extends Usage>(bench: Bench, load: Remote<ReportLoad>, { server, bare, executions }: Receiver<U>, job: Job) {
  bench.progress(`${bare ? 'bare, ' : ''}${job.client} runners, ${job.eventsPerMessage} a message`);
  const runners = bench.quick ? 4 : RUNNERS;
  const expected = ((job.rate ?? MOST_EXPECTED * Math.min(4, job.eventsPerMessage)) * job.milliseconds) / 1000;
  const each = Math.ceil(expected / runners / PER_EXECUTION) + 1;
  const ids = await executions(runners * each);
  const full: ReportJob = {
    ...job,
    bare,
    target: server.target,
    executions: Array.from({ length: runners }, (_, i) => ids.slice(i * each, (i + 1) * each)),
    perExecution: PER_EXECUTION,
    eventBytes: EVENT_BYTES,
  };
  const taken = await measured(server, () => load.call('run', full));
  if (taken.result.exhausted > 0) bench.progress(`${taken.result.exhausted} runners ran out of executions`);
  return taken;
}

function rateOf({ result }: Taken): number {
  return result.events / result.seconds;
}

function describe(taken: Taken): string {
  return `${perSecond(rateOf(taken))} (${microseconds(taken.cpuUs / taken.result.events)})`;
}
