import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Clock } from '../../contract/clock.js';
import { type Notice, NoticeSchema } from '../../contract/gen/stigmer/stream/v1/notice_pb.js';
import { isoNow } from '../../contract/timestamps.js';

export type NoticeInit = Omit<MessageInitShape<typeof NoticeSchema>, '$typeName' | '$unknown' | 'time' | 'cleared'> & { readonly code: string };

/** Codes that an execution may have at a time; the oldest makes room. */
const CODES = 16;

/**
 * The notices that stand for each execution: what is the matter with it now. They live in memory, since each is found out anew after a
 * restart. Setting one again with the same words tells nobody anything.
 */
export class StandingNotices {
  readonly #clock: Clock;
  readonly #tell: (executionId: string, notice: Notice) => void;
  readonly #standing = new Map<string, Map<string, Notice>>();

  /** `tell` carries a notice to those who watch the execution. */
  constructor(clock: Clock, tell: (executionId: string, notice: Notice) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  set(executionId: string, init: NoticeInit): void {
    const standing = this.#standing.get(executionId) ?? new Map<string, Notice>();
    const notice = create(NoticeSchema, { ...init, time: isoNow(this.#clock) });
    const before = standing.get(init.code);
    if (before !== undefined && saysTheSame(before, notice)) return;
    standing.delete(init.code);
    standing.set(init.code, notice);
    if (standing.size > CODES) standing.delete(standing.keys().next().value!);
    this.#standing.set(executionId, standing);
    this.#tell(executionId, notice);
  }

  /** The condition is over. */
  clear(executionId: string, code: string): void {
    const standing = this.#standing.get(executionId);
    const notice = standing?.get(code);
    if (standing === undefined || notice === undefined) return;
    standing.delete(code);
    if (standing.size === 0) this.#standing.delete(executionId);
    this.#tell(executionId, { ...notice, cleared: true, time: isoNow(this.#clock) });
  }

  of(executionId: string): readonly Notice[] {
    return [...(this.#standing.get(executionId)?.values() ?? [])];
  }

  /** The execution has ended or is gone: nothing is the matter with it any more, and nobody needs to be told. */
  forget(executionId: string): void {
    this.#standing.delete(executionId);
  }

  get size(): number {
    return this.#standing.size;
  }
}

function saysTheSame(before: Notice, after: Notice): boolean {
  return before.text === after.text && before.severity === after.severity && before.address === after.address;
}
