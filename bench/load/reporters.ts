import { serve } from '../system/remote.js';
import { Samples, type Summary } from '../stats.js';
import type { Target } from './connection.js';
import { eventsMessage, messageAppended, TextMessages } from './report-messages.js';
import { ReportStream } from './report-stream.js';
import { grpcJsTransport, leanTransport, type Transport } from './transport.js';

export interface ReportJob {
  readonly target: Target;
  readonly client: 'lean' | 'grpc-js';
  /** The target is the bare server, which only acknowledges. */
  readonly bare: boolean;
  /** For each runner the executions that it reports on, one after another. */
  readonly executions: readonly (readonly string[])[];
  /** Events of one execution, before the runner goes on to its next: runs do not grow for ever. */
  readonly perExecution: number;
  /** Bytes of text in an event. */
  readonly eventBytes: number;
  readonly eventsPerMessage: number;
  /** Messages that a runner has under way, within the server's window. */
  readonly underWay: number;
  readonly milliseconds: number;
  /** Events a second of all runners together; as many as go when it is left out. */
  readonly rate?: number;
}

export interface ReportResult {
  readonly events: number;
  readonly seconds: number;
  /** From sending a message to its acknowledgement. */
  readonly ackMs: Summary;
  /** Runners that had to stop before the time, for want of executions. */
  readonly exhausted: number;
}

/** Runners that report as fast as they are let, or at a rate. */
async function run(job: ReportJob): Promise<ReportResult> {
  const acks = new Samples();
  const transports = await Promise.all(job.executions.map(() => (job.client === 'lean' ? leanTransport : grpcJsTransport)(job.target)));
  const runners = job.executions.map((ids, i) => new Runner(job, transports[i]!, ids, acks));
  await Promise.all(runners.map((runner) => runner.prepare()));
  const start = performance.now();
  const clock = setInterval(() => {
    const elapsed = performance.now() - start;
    const allowed = job.rate === undefined ? Number.POSITIVE_INFINITY : (job.rate * elapsed) / 1000 / runners.length;
    for (const runner of runners) runner.allow(allowed);
  }, 1);
  if (job.rate === undefined) for (const runner of runners) runner.allow(Number.POSITIVE_INFINITY);
  await new Promise((resolve) => setTimeout(resolve, job.milliseconds));
  clearInterval(clock);
  await Promise.all(runners.map((runner) => runner.stop()));
  const seconds = (performance.now() - start) / 1000;
  for (const transport of transports) transport.close();
  return {
    events: runners.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
    seconds,
    ackMs: acks.summary(),
    exhausted: runners.filter(({ exhausted }) => exhausted).length,
  };
}

class Runner {
  /** Events that are on disk. */
  acknowledged = 0;
  exhausted = false;
  readonly #job: ReportJob;
  readonly #transport: Transport;
  readonly #ids: string[];
  readonly #acks: Samples;
  readonly #sent: { readonly firstSequence: number; readonly at: number }[] = [];
  #stream: ReportStream | undefined;
  #messages: TextMessages | undefined;
  #sequence = 1;
  #made = 0;
  #allowed = 0;
  #stopped = false;
  #drained: () => void = () => undefined;

  constructor(job: ReportJob, transport: Transport, ids: readonly string[], acks: Samples) {
    this.#job = job;
    this.#transport = transport;
    this.#ids = [...ids];
    this.#acks = acks;
  }

  async prepare(): Promise<void> {
    const id = this.#ids.shift();
    this.#stream = undefined;
    if (id === undefined) {
      this.exhausted = true;
      return;
    }
    const stream = await ReportStream.open(this.#transport, id, this.#job.bare);
    this.#messages = new TextMessages(stream.messageCount, this.#job.eventBytes, this.#job.eventsPerMessage);
    stream.send(eventsMessage(1, [messageAppended(stream.messageCount)]));
    this.#sequence = 2;
    stream.onAck = () => this.#onAck(stream);
    this.#stream = stream;
  }

  /** So many events may have been made by now. */
  allow(events: number): void {
    this.#allowed = events;
    this.#pump();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#sent.length > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    await this.#stream?.end();
  }

  #pump(): void {
    const { eventsPerMessage, underWay, perExecution } = this.#job;
    const stream = this.#stream;
    if (stream === undefined || this.#messages === undefined) return;
    while (!this.#stopped && this.#sequence <= perExecution && this.#made + eventsPerMessage <= this.#allowed) {
      if (this.#sent.length >= underWay || this.#sequence + eventsPerMessage - 1 - stream.acknowledged > stream.window) return;
      this.#sent.push({ firstSequence: this.#sequence, at: performance.now() });
      stream.send(this.#messages.next(this.#sequence));
      this.#sequence += eventsPerMessage;
      this.#made += eventsPerMessage;
    }
  }

  #onAck({ acknowledged }: ReportStream): void {
    const now = performance.now();
    for (let first = this.#sent[0]; first !== undefined && first.firstSequence <= acknowledged; first = this.#sent[0]) {
      this.#acks.add(now - first.at);
      this.acknowledged += this.#job.eventsPerMessage;
      this.#sent.shift();
    }
    if (this.#sent.length === 0) this.#drained();
    if (this.#sent.length === 0 && this.#sequence > this.#job.perExecution && !this.#stopped) void this.#next();
    else this.#pump();
  }

  async #next(): Promise<void> {
    void this.#stream?.end();
    await this.prepare();
    this.#pump();
  }
}

const functions = { run };
export type ReportLoad = typeof functions;
serve(functions);
