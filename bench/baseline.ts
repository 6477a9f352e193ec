/** The day on which the original was measured, on two cores shared by server and clients. Other figures hold for that day and machine. */
export const MEASURED_ON = '2026-11-22';

/** What the original took: stigmer at b070f18, the Go server on SQLite. Ranges are those of two or three runs. */
export const original = {
  get: '187-229/s, 7-9 ms of CPU',
  createAgent: { first: '13-20/s', second: '14-16/s' },
  createExecution: { inSession: '22/s', byAgent: '15/s, 10 % fail' },
  updateStatus: {
    one: { 1: '590-626/s', 10: '295-311/s', 100: '157-166/s' },
    many: { 1: '516-700/s', 10: '535-652/s', 100: '144-160/s' },
  },
  report: 'has none',
  longRun: { time: '9.2 s', cpu: '6.2 s of CPU', in: '150 MB', out: '151 MB', stored: '174 MB written', twice: '4 × (the square)' },
  fanOut: {
    1: '373-405/s, p99 9-18 ms',
    10: '2.9-3.5 k/s, p99 24-57 ms',
    100: '13-16 k/s, p99 312-456 ms',
    1000: '28-30 k/s, 32 µs, p99 475-645 ms',
  },
  fanOut10: { 100: '11-12 k/s, p99 0.7-1.2 s, to 6 % lost', 1000: '13-17 k/s, p50 5-7 s, 36-40 % lost; 212-735 miss the end' },
  frozen: 'others feel nothing; it never hears of the end',
  idle: '48 KB a stream',
  inProgress: '600 ms',
  token: 'ten tokens at a time',
  overModel: '0.6 s',
  runnerReady: '16 s',
  start: { server: '0.28 s', system: '2.4 s', memory: '47 MB' },
  help: '56 ms',
  stop: 'still there after 20 s',
} as const;
