import type { Usage } from './system/remote.js';

export interface Measured<T> {
  readonly result: T;
  /** CPU of the server process meanwhile, in microseconds. */
  readonly cpuUs: number;
}

/** Does the work, and notes what the server used for it. */
export async function measured<T>(server: { usage(): Promise<Usage> }, work: () => Promise<T>): Promise<Measured<T>> {
  const before = await server.usage();
  const result = await work();
  const after = await server.usage();
  return { result, cpuUs: after.cpuUs - before.cpuUs };
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
