import type { ExecutionState } from '../../contract/gen/stigmer/stream/v1/event_pb.js';
import type { Notice } from '../../contract/gen/stigmer/stream/v1/notice_pb.js';
import { isTerminal, Phase } from '../../contract/phases.js';
import { AgentTranscript } from './agent-transcript.js';
import type { TranscriptEvent } from './events.js';
import { WorkflowTranscript } from './workflow-transcript.js';

/** Turns the states and notices of one execution into what is new in them. The end is told by the summary, not here. */
export class Transcript {
  readonly #agent = new AgentTranscript();
  readonly #workflow = new WorkflowTranscript();
  readonly #notices = new Map<string, Notice>();
  #phase: number = Phase.UNSPECIFIED;

  /** Notices whose condition is not over. */
  get notices(): Notice[] {
    return [...this.#notices.values()];
  }

  state({ status }: ExecutionState): TranscriptEvent[] {
    if (status.case === undefined) return [];
    const { phase, startedAt } = status.value;
    const events: TranscriptEvent[] = [];
    if (phase !== this.#phase && !isTerminal(phase) && phase !== Phase.UNSPECIFIED) events.push({ type: 'phase', phase, startedAt });
    this.#phase = phase;
    return [...events, ...(status.case === 'agent' ? this.#agent.take(status.value) : this.#workflow.take(status.value))];
  }

  notice(notice: Notice): TranscriptEvent[] {
    const before = this.#notices.get(notice.code);
    if (notice.cleared) {
      this.#notices.delete(notice.code);
      return before === undefined ? [] : [{ type: 'notice-over', notice: before }];
    }
    this.#notices.set(notice.code, notice);
    // After a break the server repeats what still holds.
    return before?.text === notice.text ? [] : [{ type: 'notice', notice }];
  }
}
