import type { Bench } from '../bench.js';
import { microseconds, percent, perSecond } from '../format.js';
import type { Target } from '../load/connection.js';
import type { Bodies, UnaryLoad, UnaryResult } from '../load/unary.js';
import { type Measured, measured, sideBySide } from '../side-by-side.js';
import { median } from '../stats.js';
import { Remote, type Usage } from '../system/remote.js';

/** A server that is called, and how. */
export interface UnaryWork {
  readonly server: { readonly target: Target; usage(): Promise<Usage> };
  readonly path: string;
  readonly bodies: Bodies;
}

export interface UnaryComparison {
  readonly work: string;
  readonly load: Remote<UnaryLoad>;
  readonly ours: UnaryWork;
  readonly floor: UnaryWork;
  readonly inFlight: number;
  /** Least share of the floor's calls per second. */
  readonly goal?: number;
  readonly original?: string;
}

/** A client process for a section's calls. */
export function unaryLoad(bench: Bench): Remote<UnaryLoad> {
  const load = new Remote<UnaryLoad>('load/unary.js');
  bench.onEnd(() => load.stop());
  return load;
}

/** Makes the same calls to ours and to the floor, in turn, and writes the row. */
export async function compareUnary(bench: Bench, { work, load, ours, floor, inFlight, goal, original }: UnaryComparison): Promise<void> {
  bench.progress(work);
  const milliseconds = bench.quick ? 200 : 2_000;
  const calls = ({ server, path, bodies }: UnaryWork) => async () => {
    const job = { target: server.target, path, bodies, inFlight, milliseconds };
    const made = await measured(server, () => load.call('run', job));
    assertAnswered(path, made.result);
    return made;
  };
  if (!bench.quick) await sideBySide(1, calls(ours), calls(floor));
  const rounds = await sideBySide(bench.quick ? 1 : 3, calls(ours), calls(floor));
  const [oursRate, floorRate] = [rate(rounds.ours), rate(rounds.floor)];
  bench.row({
    work,
    ours: `${perSecond(oursRate)} (${microseconds(cpu(rounds.ours))})`,
    floor: `${perSecond(floorRate)} (${microseconds(cpu(rounds.floor))})`,
    ratio: percent(oursRate / floorRate),
    ...(goal === undefined ? {} : { goal: `≥ ${percent(goal)}`, met: oursRate / floorRate >= goal }),
    ...(original === undefined ? {} : { original }),
  });
}

/** A figure of calls that failed would be none. */
export function assertAnswered(path: string, { failed }: UnaryResult): void {
  const codes = Object.entries(failed).map(([code, number]) => `${number} with status ${code}`);
  if (codes.length > 0) throw new Error(`calls of ${path} failed: ${codes.join(', ')}`);
}

function rate(rounds: readonly Measured<UnaryResult>[]): number {
  return median(rounds.map(({ result }) => result.calls / result.seconds));
}

/** Microseconds of the server's CPU for a call. */
function cpu(rounds: readonly Measured<UnaryResult>[]): number {
  return median(rounds.map(({ result, cpuUs }) => cpuUs / result.calls));
}
