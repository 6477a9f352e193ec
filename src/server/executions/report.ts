import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Code, invalidArgument, type StigmerError } from '../../contract/errors.js';
import type { Notice } from '../../contract/gen/stigmer/stream/v1/notice_pb.js';
import { type ReportEvents, type ReportOpen, type ReportRequest, type ReportResponse, ReportResponseSchema } from '../../contract/gen/stigmer/stream/v1/stream_pb.js';
import { isTerminal, phaseName } from '../../contract/phases.js';
import type { Update } from '../../execution/update.js';
import type { CallContext, Send } from '../rpc.js';
import type { ExecutionsContext } from './context.js';
import { checkReportedNotice } from './reported-notice.js';
import { keepLargeResults } from './large-results.js';
import { ReportWindow } from './report-window.js';
import { assertAttempt } from './report-place.js';
import type { ReportSessions } from './report-sessions.js';

export interface ReportContext extends ExecutionsContext {
  readonly reports: ReportSessions;
}

/** Most events in one message. */
const MESSAGE_EVENTS = 64;

type Frame = NonNullable<MessageInitShape<typeof ReportResponseSchema>['frame']>;

/**
 * Takes a run's events from its runner. Events are reduced and acknowledged in their order, an acknowledgement covers all before it, and
 * while more of them wait for the disk than the window allows nothing further is read.
 */
export async function report(context: ReportContext, requests: AsyncIterable<ReportRequest>, send: Send<ReportResponse>, call: CallContext): Promise<void> {
  const iterator = requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true || first.value.frame.case !== 'open') throw invalidArgument('frame', 'must be open first');
  const session = await ReportSession.open(context, first.value.frame.value, send, call);
  if (session !== undefined) await session.run(iterator);
}

class ReportSession {
  readonly #context: ReportContext;
  readonly #open: ReportOpen;
  readonly #send: Send<ReportResponse>;
  readonly #window: ReportWindow;
  #acknowledged: bigint;
  /** Acknowledgements go out one at a time; what comes meanwhile shares the next. */
  #acknowledging = false;
  #told: bigint;
  #stopped: string | undefined;
  /** The runner has reported the end itself, and needs not be told. */
  #saidEnd = false;
  #onStopped: () => void = () => undefined;

  private constructor(context: ReportContext, open: ReportOpen, send: Send<ReportResponse>, acknowledged: bigint) {
    this.#context = context;
    this.#open = open;
    this.#send = send;
    this.#window = new ReportWindow(context.clock);
    this.#acknowledged = acknowledged;
    this.#told = acknowledged;
  }

  /** Undefined when the execution has ended: the runner has been told to stop. */
  static async open(context: ReportContext, open: ReportOpen, send: Send<ReportResponse>, call: CallContext): Promise<ReportSession | undefined> {
    const { executionId, attempt } = open;
    if (executionId === '') throw invalidArgument('open.execution_id', 'must not be empty');
    if (attempt === 0) throw invalidArgument('open.attempt', 'must be at least 1');
    const stand = await context.actors.actor(executionId).submit({
      update: { type: 'events', events: [] },
      answer: ({ projection, revision, source }) => ({
        phase: projection.status.phase as number,
        revision,
        source,
        messageCount: projection.kind === 'agent' ? projection.status.messages.length : 0,
      }),
    });
    assertAttempt(attempt, stand.source);
    const acknowledged = BigInt(stand.source?.attempt === attempt ? stand.source.sequence : 0);
    const session = new ReportSession(context, open, send, acknowledged);
    if (isTerminal(stand.phase)) {
      await session.#write({ case: 'stop', value: { reason: `the execution has ended as ${phaseName(stand.phase)}` } });
      return undefined;
    }
    noteWork(context, open, call);
    await session.#write({
      case: 'ready',
      value: {
        acknowledgedSequence: acknowledged,
        revision: BigInt(stand.revision),
        messageCount: stand.messageCount,
        window: session.#window.size,
      },
    });
    return session;
  }

  async run(requests: AsyncIterator<ReportRequest>): Promise<void> {
    const { reports } = this.#context;
    const stopped = new Promise<void>((resolve) => {
      this.#onStopped = resolve;
    });
    const leave = reports.enter(this.#open.executionId, this.#open.attempt, (reason) => this.#stop(reason));
    try {
      await Promise.race([this.#read(requests), stopped]);
      await this.#settle();
    } finally {
      leave();
    }
  }

  async #read(requests: AsyncIterator<ReportRequest>): Promise<void> {
    for (;;) {
      if (this.#window.full) await this.#window.room();
      const next = await requests.next();
      if (next.done === true || this.#stopped !== undefined) return;
      const { frame } = next.value;
      const waiting = this.#take(frame);
      if (waiting !== undefined) await waiting;
      if (this.#window.failure !== undefined) throw this.#window.failure;
    }
  }

  #notice(notice: Notice): void {
    const { notices } = this.#context;
    const checked = checkReportedNotice(notice);
    if (notice.cleared) notices.clear(this.#open.executionId, checked.code);
    else notices.set(this.#open.executionId, checked);
  }

  /** Gives a promise only when something has to be waited for before the next message. */
  #take(frame: ReportRequest['frame']): Promise<void> | undefined {
    if (frame.case === 'events') return this.#takeEvents(frame.value);
    if (frame.case !== 'notice') throw invalidArgument('frame', 'must be events or a notice after open');
    this.#notice(frame.value);
    return undefined;
  }

  #takeEvents({ firstSequence, events }: ReportEvents): Promise<void> | undefined {
    if (events.length === 0 || events.length > MESSAGE_EVENTS) {
      throw invalidArgument('events.events', `must hold 1 to ${MESSAGE_EVENTS} events and holds ${events.length}`);
    }
    if (firstSequence < 1n) throw invalidArgument('events.first_sequence', 'must be at least 1');
    if (events.some(({ change }) => change.case === 'phaseChanged' && isTerminal(change.value.phase))) this.#saidEnd = true;
    const update = keepLargeResults(this.#context.store.artifacts, this.#open.executionId, { type: 'events', events });
    if (update instanceof Promise) return update.then((without) => this.#submit(without, firstSequence, events.length));
    this.#submit(update, firstSequence, events.length);
    return undefined;
  }

  #submit(update: Update, firstSequence: bigint, count: number): void {
    const { executionId, attempt } = this.#open;
    const last = firstSequence + BigInt(count) - 1n;
    const taken = this.#context.actors.actor(executionId).submit({ update, report: { attempt, firstSequence: Number(firstSequence) }, answer: nothing });
    this.#window.add(count, taken, {
      taken: () => this.#acknowledge(last),
      refused: (error) => this.#refuse(error),
    });
  }

  #acknowledge(sequence: bigint): void {
    if (sequence > this.#acknowledged) this.#acknowledged = sequence;
    if (!this.#acknowledging) void this.#sendAcknowledgements();
  }

  async #sendAcknowledgements(): Promise<void> {
    this.#acknowledging = true;
    try {
      while (this.#told < this.#acknowledged) {
        const sequence = this.#acknowledged;
        await this.#write({ case: 'ack', value: { sequence, window: this.#window.size } });
        this.#told = sequence;
      }
    } catch {
      // The stream is over, which the reading side reports; the runner hears of its events when it opens anew.
    } finally {
      this.#acknowledging = false;
    }
  }

  /** An execution that has ended stops its runner; any other refusal ends the stream. */
  #refuse(error: StigmerError): void {
    if (error.code === Code.FAILED_PRECONDITION && error.reason === 'EXECUTION_ENDED') this.#stop(error.message);
    else this.#onStopped();
  }

  #stop(reason: string): void {
    if (this.#saidEnd) return;
    this.#stopped ??= reason;
    this.#onStopped();
  }

  /** Waits for what was taken, says the last words, and throws what was refused. */
  async #settle(): Promise<void> {
    await this.#window.drained();
    await this.#sendAcknowledgements();
    if (this.#stopped !== undefined) await this.#write({ case: 'stop', value: { reason: this.#stopped } });
    else if (this.#window.failure !== undefined) throw this.#window.failure;
  }

  #write(frame: Frame): Promise<void> {
    return this.#send(create(ReportResponseSchema, { frame }));
  }
}

function nothing(): void {
  // An acknowledgement says all there is.
}

/** A runner that reports works on the execution, whatever its last heartbeat said. */
function noteWork({ leases }: ReportContext, { runnerId, executionId }: ReportOpen, call: CallContext): void {
  const lease = leases.get(runnerId);
  if (lease !== undefined && lease.token === call.caller.name) lease.executionIds.add(executionId);
}
