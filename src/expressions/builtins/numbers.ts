import { JqError, shown } from '../jq/errors.js';
import type { Json } from '../jq/json.js';
import { type NativeFunction, type NativeTable, values } from './native.js';

const ONE: Readonly<Record<string, (x: number) => number>> = {
  floor: Math.floor,
  ceil: Math.ceil,
  round: (x) => Math.sign(x) * Math.round(Math.abs(x)),
  trunc: Math.trunc,
  rint: toEven,
  nearbyint: toEven,
  sqrt: Math.sqrt,
  cbrt: Math.cbrt,
  fabs: Math.abs,
  exp: Math.exp,
  exp2: (x) => 2 ** x,
  exp10: (x) => 10 ** x,
  expm1: Math.expm1,
  log: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  significand: (x) => (x === 0 || !Number.isFinite(x) ? x : x / 2 ** exponent(x)),
  logb: (x) => (x === 0 ? -Infinity : Number.isFinite(x) ? exponent(x) : Math.abs(x)),
};

const TWO: Readonly<Record<string, (x: number, y: number) => number>> = {
  pow: (x, y) => x ** y,
  atan2: Math.atan2,
  fmin: (x, y) => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.min(x, y)),
  fmax: (x, y) => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.max(x, y)),
  fmod: (x, y) => x % y,
  hypot: Math.hypot,
  ldexp: (x, y) => x * 2 ** y,
  scalb: (x, y) => x * 2 ** y,
  copysign: (x, y) => (Object.is(Math.sign(y), -0) || y < 0 ? -Math.abs(x) : Math.abs(x)),
};

/** Functions on numbers. */
export const numbers: NativeTable = {
  ...Object.fromEntries(Object.entries(ONE).map(([name, call]) => [`${name}/0`, one(name, call)])),
  ...Object.fromEntries(Object.entries(TWO).map(([name, call]) => [`${name}/2`, two(name, call)])),
  'abs/0': values((_, input) => {
    if (typeof input !== 'number') throw new JqError(`${shown(input)} has no absolute value`);
    return input < 0 ? -input : input;
  }),
  'fma/3': values((_, __, x, y, z) => numeric('fma', x as Json) * numeric('fma', y as Json) + numeric('fma', z as Json)),
  'frexp/0': values((_, input) => {
    const x = numeric('frexp', input);
    if (x === 0 || !Number.isFinite(x)) return [x, 0];
    const power = exponent(x) + 1;
    return [x / 2 ** power, power];
  }),
  'modf/0': values((_, input) => {
    const x = numeric('modf', input);
    return Number.isFinite(x) ? [x - Math.trunc(x), Math.trunc(x)] : [0, x];
  }),
  'infinite/0': values(() => Infinity),
  'nan/0': values(() => Number.NaN),
  'isinfinite/0': values((_, input) => Math.abs(numeric('isinfinite', input)) === Infinity),
  'isnan/0': values((_, input) => Number.isNaN(numeric('isnan', input))),
  'isnormal/0': values((_, input) => Number.isFinite(numeric('isnormal', input)) && Math.abs(input as number) >= 2.2250738585072014e-308),
};

function one(name: string, call: (x: number) => number): NativeFunction {
  return values((_, input) => call(numeric(name, input)));
}

function two(name: string, call: (x: number, y: number) => number): NativeFunction {
  return values((_, __, x, y) => call(numeric(name, x as Json), numeric(name, y as Json)));
}

function numeric(name: string, value: Json): number {
  if (typeof value !== 'number') throw new JqError(`${shown(value)} number required by ${name}`);
  return value;
}

function toEven(x: number): number {
  const rounded = Math.round(x);
  return rounded - x === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** The largest power of two that is not above the number. */
function exponent(x: number): number {
  const magnitude = Math.abs(x);
  let power = Math.floor(Math.log2(magnitude));
  if (2 ** power > magnitude) power -= 1;
  if (2 ** (power + 1) <= magnitude) power += 1;
  return power;
}
