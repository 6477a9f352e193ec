/** Source of time. Passed in by whoever composes a program, so that tests can turn it by hand. */
export interface Clock {
  /** Milliseconds since 1970 in UTC. */
  now(): number;
  /** Calls `fn` once after `ms` milliseconds, unless the returned function is called before. */
  setTimer(ms: number, fn: () => void): () => void;
}

/** Longest delay of `setTimeout`; a longer one would fire at once. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** The machine's clock. A pending timer keeps the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(ms, fn) {
    let left = Math.max(0, ms);
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const delay = Math.min(left, LONGEST_DELAY);
      left -= delay;
      timer = setTimeout(left > 0 ? arm : fn, delay);
    };
    arm();
    return () => clearTimeout(timer);
  },
};
