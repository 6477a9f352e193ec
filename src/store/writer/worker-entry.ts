/** The compiled writer thread. Tests, which run from the sources, put a bundle of worker.ts in its place. */
export const workerEntry = new URL('./worker.js', import.meta.url);
