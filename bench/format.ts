/** 12,345 */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** 12,345/s */
export function perSecond(value: number): string {
  return `${value < 100 ? value.toFixed(1) : count(value)}/s`;
}

/** 1.2 ms; 12 ms; 1.2 s */
export function milliseconds(value: number): string {
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

/** 1.2 µs; 123 µs */
export function microseconds(value: number): string {
  return value < 10 ? `${value.toFixed(1)} µs` : `${count(value)} µs`;
}

/** 75 % */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** 1.3 × */
export function times(factor: number): string {
  return `${factor < 10 ? factor.toFixed(2) : factor.toFixed(0)} ×`;
}

/** 1.2 KB, 3.4 MB: of 1,000 bytes each */
export function bytes(value: number): string {
  if (Math.abs(value) >= 1e6) return `${(value / 1e6).toFixed(1)} MB`;
  return `${(value / 1e3).toFixed(value < 100_000 ? 1 : 0)} KB`;
}
