import type { Usage } from './system/remote.js';

export interface Measured<T, U extends Usage = Usage> {
  readonly result: T;
  /** CPU of the server process meanwhile, in microseconds. */
  readonly cpuUs: number;
  /** What the server said of itself before and after. */
  readonly before: U;
  readonly after: U;
}

/** Does the work, and notes what the server used for it. */
export async function measured<T, U extends Usage>(server: { usage(): Promise<U> }, work: () => Promise<T>): Promise<Measured<T, U>> {
  const before = await server.usage();
  const result = await work();
  const after = await server.usage();
  return { result, cpuUs: after.cpuUs - before.cpuUs, before, after };
}

/** Measures ours and the floor in turn, so that what else the machine does meets both. */
export async function sideBySide<T, F>(rounds: number, ours: () => Promise<T>, floor: () => Promise<F>): Promise<{ ours: T[]; floor: F[] }> {
  const all = { ours: [] as T[], floor: [] as F[] };
  for (let round = 0; round < rounds; round += 1) {
    all.floor.push(await floor());
    all.ours.push(await ours());
  }
  return all;
}
