import { isObject, type Json } from './json.js';

const UNITS = { days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1_000, milliseconds: 1 } as const;

/** ISO 8601 without years and months, whose length depends on when they begin: `PT1.5S`, `P1DT2H`, `P2W`. */
const ISO = /^P(?=.)(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?=.)(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const ISO_UNITS = [604_800_000, 86_400_000, 3_600_000, 60_000, 1_000] as const;

/** The longest time that anything may wait: a year. */
export const LONGEST_MS = 366 * 86_400_000;

/** A duration in milliseconds: ISO 8601, or an object of days, hours, minutes, seconds and milliseconds. Undefined when it is neither, or too long. */
export function durationMs(value: Json): number | undefined {
  const ms = typeof value === 'string' ? isoMs(value) : isObject(value) ? objectMs(value) : undefined;
  return ms === undefined || ms > LONGEST_MS ? undefined : Math.round(ms);
}

function isoMs(text: string): number | undefined {
  const parts = ISO.exec(text)?.slice(1);
  return parts?.reduce((sum, part, i) => sum + Number(part ?? 0) * (ISO_UNITS[i] as number), 0);
}

function objectMs(object: Readonly<Record<string, Json>>): number | undefined {
  let sum = 0;
  for (const [unit, amount] of Object.entries(object)) {
    if (!Object.hasOwn(UNITS, unit) || typeof amount !== 'number' || !(amount >= 0) || !Number.isFinite(amount)) return undefined;
    sum += amount * UNITS[unit as keyof typeof UNITS];
  }
  return Object.keys(object).length === 0 ? undefined : sum;
}
