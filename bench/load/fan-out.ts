import { setTimeout as delay } from 'node:timers/promises';
import { serve } from '../system/remote.js';
import { Samples, type Summary } from '../stats.js';
import { Connection, type Target } from './connection.js';
import { openPublisher, type Publisher, type PublisherJob } from './publishers.js';
import type { Traffic } from './transport.js';
import { readMarkedItem, readWatchItem, type Item, type ReadItem } from './watch-items.js';

export interface WatchersJob {
  readonly target: Target;
  readonly path: string;
  /** Requests, taken in turn: watchers of several executions. */
  readonly requests: readonly Uint8Array[];
  /** How items tell their step: by revision, or by a mark in their text. */
  readonly items: 'watch' | 'marked';
  readonly connections: number;
  readonly perConnection: number;
  /** HTTP/2 window of streams and connections, in bytes. */
  readonly window?: number;
}

/** When the next step is made. */
export type Pace =
  /** As soon as the publisher may. */
  | { readonly kind: 'free' }
  /** When the slowest watcher is fewer steps behind than this; 1 is one at a time. */
  | { readonly kind: 'ahead'; readonly steps: number }
  | { readonly kind: 'rate'; readonly perSecond: number };

export interface PublishJob {
  readonly target: Target;
  readonly publisher: PublisherJob;
  readonly pace: Pace;
  /** Whichever comes first ends it. */
  readonly milliseconds: number;
  readonly steps?: number;
  /** Ends the run afterwards, and waits until watchers hear of it. */
  readonly complete?: boolean;
  /** Watchers that are not waited for, by place: they take nothing. */
  readonly frozen?: readonly number[];
}

export interface PublishResult {
  readonly steps: number;
  readonly seconds: number;
  /** Steps that watchers were told one by one. */
  readonly told: number;
  /** Messages that gave the newest state in place of the steps before it. */
  readonly whole: number;
  readonly messages: number;
  /** From making a step to a watcher that knows of it. */
  readonly latencyMs: Summary;
  /** Watchers of a Watch that were given its end. */
  readonly heardEnd: number;
  /** On the publisher's socket. */
  readonly published: Traffic;
  /** How each watcher's stream ended, by gRPC status. */
  readonly statuses: Readonly<Record<number, number>>;
}

/** Steps between a publisher and its slowest watcher that can be told apart. */
const RING = 1 << 20;
/** How long watchers may take to catch up when nothing more is published. */
const CATCH_UP_MS = 20_000;

class Watchers {
  readonly connections: Connection[] = [];
  readonly statuses: Record<number, number> = {};
  #reached = new Uint32Array(RING);
  #madeAt = new Float64Array(RING);
  #last: Float64Array;
  #base = 0;
  #made = 0;
  #slowest = 0;
  #awaited: number;
  #frozen = new Set<number>();
  #wake: () => void = () => undefined;
  told = 0;
  whole = 0;
  messages = 0;
  heardEnd = 0;
  latency = new Samples();

  constructor(count: number) {
    this.#last = new Float64Array(count);
    this.#awaited = count;
  }

  get count(): number {
    return this.#last.length;
  }

  /** The last step that every watcher knows of, and the last that was made. */
  get slowest(): number {
    return this.#slowest;
  }

  get made(): number {
    return this.#made;
  }

  begin(base: number, frozen: readonly number[]): void {
    this.#base = base;
    this.#made = 0;
    this.#slowest = 0;
    this.#reached.fill(0);
    this.#last.fill(0);
    this.#frozen = new Set(frozen);
    this.#awaited = this.count - frozen.length;
    this.told = 0;
    this.whole = 0;
    this.messages = 0;
    this.latency = new Samples();
  }

  make(step: number): void {
    this.#made = step;
    this.#madeAt[step % RING] = performance.now();
  }

  /** Resolves when watchers have moved on. */
  news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  take(watcher: number, { upTo, whole, end }: Item): void {
    if (end) this.heardEnd += 1;
    const step = upTo - this.#base;
    const last = this.#last[watcher]!;
    if (step <= last || step > this.#made) return;
    const now = performance.now();
    this.#last[watcher] = step;
    this.messages += 1;
    if (whole) {
      this.whole += 1;
      this.latency.add(now - this.#madeAt[step % RING]!);
    } else {
      this.told += step - last;
      for (let each = last + 1; each <= step; each += 1) this.latency.add(now - this.#madeAt[each % RING]!);
    }
    if (!this.#frozen.has(watcher)) for (let each = last + 1; each <= step; each += 1) this.#reached[each % RING]! += 1;
    this.#advance();
  }

  #advance(): void {
    const before = this.#slowest;
    while (this.#slowest < this.#made && this.#reached[(this.#slowest + 1) % RING] === this.#awaited) {
      this.#slowest += 1;
      this.#reached[this.#slowest % RING] = 0;
    }
    if (this.#slowest !== before) this.#wake();
  }
}

let watchers = new Watchers(0);

/** Opens streams; resolves when each has had its first message. */
async function open({ target, path, requests, items, connections, perConnection, window }: WatchersJob): Promise<void> {
  watchers = new Watchers(connections * perConnection);
  const read: ReadItem = items === 'watch' ? readWatchItem : readMarkedItem;
  const opened = watchers;
  for (let i = 0; i < connections; i += 1) {
    const connection = await Connection.open(target, window);
    opened.connections.push(connection);
    await Promise.all(
      Array.from({ length: perConnection }, (_, place) => {
        const watcher = i * perConnection + place;
        return openStream(opened, connection, path, requests[watcher % requests.length]!, watcher, read);
      }),
    );
  }
}

function openStream(opened: Watchers, connection: Connection, path: string, request: Uint8Array, watcher: number, read: ReadItem): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = connection.call(path, {
      message(message) {
        const item = read(message);
        if (item !== undefined) opened.take(watcher, item);
        resolve();
      },
      end(status) {
        opened.statuses[status] = (opened.statuses[status] ?? 0) + 1;
        reject(new Error(`a stream of ${path} ended with status ${status} before it began`));
      },
    });
    call.send(request, true);
  });
}

async function publish(job: PublishJob): Promise<PublishResult> {
  const publisher = await openPublisher(job.target, job.publisher);
  watchers.begin(publisher.base, job.frozen ?? []);
  const start = performance.now();
  const end = start + job.milliseconds;
  const most = job.steps ?? Number.POSITIVE_INFINITY;
  for (let step = 1; step <= most && performance.now() < end; step += 1) {
    await paceOf(job.pace, step, start);
    watchers.make(step);
    await publisher.publish(step);
  }
  const caughtUpBy = performance.now() + CATCH_UP_MS;
  while (watchers.count > 0 && watchers.slowest < watchers.made && performance.now() < caughtUpBy) await Promise.race([watchers.news(), delay(50)]);
  const seconds = (performance.now() - start) / 1000;
  if (job.complete === true) await complete(publisher);
  const published = publisher.traffic();
  publisher.close();
  const { told, whole, messages, latency, heardEnd, statuses, made } = watchers;
  return { steps: made, seconds, told, whole, messages, latencyMs: latency.summary(), heardEnd, published, statuses: { ...statuses } };
}

async function paceOf(pace: Pace, step: number, start: number): Promise<void> {
  if (pace.kind === 'ahead') {
    while (step - watchers.slowest > pace.steps) await watchers.news();
  } else if (pace.kind === 'rate') {
    const due = start + (step * 1000) / pace.perSecond;
    const wait = due - performance.now();
    if (wait > 0) await delay(wait);
  } else if (step % 16 === 0) {
    // What came in meanwhile is read.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function complete(publisher: Publisher): Promise<void> {
  await publisher.complete();
  const by = performance.now() + CATCH_UP_MS;
  while (Object.values(watchers.statuses).reduce((sum, n) => sum + n, 0) < watchers.count && performance.now() < by) await delay(10);
}

/** Takes nothing from the first connections any more. */
function freeze(connections: number): void {
  for (const connection of watchers.connections.slice(0, connections)) connection.freeze();
}

function thaw(): void {
  for (const connection of watchers.connections) connection.thaw();
}

/** Bytes on the watchers' sockets so far. */
function traffic(): Traffic {
  const all = watchers.connections.map((connection) => connection.traffic);
  return { bytesIn: all.reduce((sum, { bytesIn }) => sum + bytesIn, 0), bytesOut: all.reduce((sum, { bytesOut }) => sum + bytesOut, 0) };
}

function close(): void {
  for (const connection of watchers.connections) connection.close();
}

const functions = { open, publish, freeze, thaw, traffic, close };
export type FanOutLoad = typeof functions;
serve(functions);
