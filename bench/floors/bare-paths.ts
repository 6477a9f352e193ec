/** Methods of the bare server. */
export const BarePath = {
  ECHO: '/bench.Bare/echo',
  BLOB: '/bench.Bare/blob',
  ACKNOWLEDGE: '/bench.Bare/acknowledge',
  WATCH: '/bench.Bare/watch',
  PUBLISH: '/bench.Bare/publish',
} as const;
