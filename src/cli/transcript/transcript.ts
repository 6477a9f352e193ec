import type { ExecutionState } from '../../contract/gen/stigmer/stream/v1/event_pb.js';
import type { Notice } from '../../contract/gen/stigmer/stream/v1/notice_pb.js';
import { isTerminal, Phase } from '../../contract/phases.js';
import { AgentTranscript } from './agent-transcript.js';
import type { TranscriptEvent } from './events.js';
import { WorkflowTranscript } from './workflow-transcript.js';

/** A notice whose condition holds. */
interface Standing {
  readonly notice: Notice;
  readonly toldText: string;
  readonly toldAt: number;
}

/** A notice that changes ("trying again in 2 s", "40 % pulled") is told anew at most this often, in milliseconds. */
const NOTICE_EVERY_MS = 5_000;

/** Turns the states and notices of one execution into what is new in them. The end is told by the summary, not here. */
export class Transcript {
  readonly #agent = new AgentTranscript();
  readonly #workflow = new WorkflowTranscript();
  readonly #standing = new Map<string, Standing>();
  #phase: number = Phase.UNSPECIFIED;

  state({ status }: ExecutionState): TranscriptEvent[] {
    if (status.case === undefined) return [];
    const { phase, startedAt } = status.value;
    const events: TranscriptEvent[] = [];
    if (phase !== this.#phase && !isTerminal(phase) && phase !== Phase.UNSPECIFIED) events.push({ type: 'phase', phase, startedAt });
    this.#phase = phase;
    return [...events, ...(status.case === 'agent' ? this.#agent.take(status.value) : this.#workflow.take(status.value))];
  }

  /** @param now milliseconds since 1970 */
  notice(notice: Notice, now: number): TranscriptEvent[] {
    const standing = this.#standing.get(notice.code);
    if (notice.cleared) {
      this.#standing.delete(notice.code);
      return standing === undefined ? [] : [{ type: 'notice-over', notice: standing.notice }];
    }
    if (standing === undefined) return [this.#tell(notice, now)];
    // After a break the server repeats what still holds, and such a one is not told again.
    this.#standing.set(notice.code, { ...standing, notice });
    return this.due(now);
  }

  /** Changed notices whose time to be told has come. */
  due(now: number): TranscriptEvent[] {
    const changed = [...this.#standing.values()].filter(({ notice, toldText, toldAt }) => notice.text !== toldText && now - toldAt >= NOTICE_EVERY_MS);
    return changed.map(({ notice }) => this.#tell(notice, now));
  }

  #tell(notice: Notice, now: number): TranscriptEvent {
    this.#standing.set(notice.code, { notice, toldText: notice.text, toldAt: now });
    return { type: 'notice', notice };
  }
}
