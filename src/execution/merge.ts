import { MessageType } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import type { ExecutionEvent } from '../contract/gen/stigmer/stream/v1/event_pb.js';
import { addUsage } from './apply.js';
import { type Change, executionEvent } from './event.js';

/**
 * Fewer events with the same effect: text that follows on text, the last of several versions of a tool call, task or to-do list, summed
 * usage. Events of different messages and ids may stand in between. A phase change keeps its place, nothing moves across it. The events
 * are ones that apply one after another; that is not checked again.
 */
export function merge(events: readonly ExecutionEvent[]): ExecutionEvent[] {
  const merger = new Merger();
  for (const event of events) merger.add(event);
  return merger.merged;
}

/**
 * Joins an event into the last one about the same thing, its slot. That moves the later event forward, across what lies between, so it
 * is done only where these do not touch each other: messages by index and tool calls by id meet in tool messages.
 */
class Merger {
  readonly merged: ExecutionEvent[] = [];
  /** Place in `merged` of the event that a later one of the slot may join. */
  readonly #open = new Map<string, number>();
  /** Places of the last event that rewrote a whole message, and of the last one that put a call into the conversation. */
  #lastRewrite = -1;
  #lastAttached = -1;

  add(event: ExecutionEvent): void {
    const { change } = event;
    const slot = change.case === undefined ? undefined : slotOf(change);
    if (change.case === undefined || slot === undefined) {
      this.#open.clear();
      this.merged.push(event);
      return;
    }
    const place = this.#open.get(slot);
    const earlier = place === undefined ? undefined : (this.merged[place] as ExecutionEvent).change;
    const joined = earlier?.case === undefined || !this.#mayMove(change, place as number) ? undefined : join(earlier, change);
    if (joined === undefined) this.#open.set(slot, this.merged.push(event) - 1);
    else this.merged[place as number] = joined;
    const at = joined === undefined ? this.merged.length - 1 : (place as number);
    if (rewritesToolMessage(change)) this.#lastRewrite = Math.max(this.#lastRewrite, at);
    if (change.case === 'toolCallUpserted' && !change.value.detached) this.#lastAttached = Math.max(this.#lastAttached, at);
  }

  #mayMove(change: Change, to: number): boolean {
    if (change.case === 'messageUpdated') return this.#lastAttached < to;
    if (change.case === 'toolCallUpserted' && !change.value.detached) return this.#lastRewrite < to;
    return true;
  }
}

function rewritesToolMessage(change: Change): boolean {
  return change.case === 'messageUpdated' || (change.case === 'messageAppended' && change.value.message?.type === MessageType.MESSAGE_TOOL);
}

/** What the event is about; undefined for an event that nothing moves across. */
function slotOf(change: Change): string | undefined {
  switch (change.case) {
    case 'messageAppended':
    case 'messageUpdated':
    case 'textAppended':
      return `message ${change.value.index}`;
    case 'toolCallUpserted':
      return `call ${change.value.toolCall?.id}`;
    case 'subAgentUpserted':
      return `run ${change.value.subAgent?.id}`;
    case 'taskUpserted':
      return `task ${change.value.task?.taskId}`;
    case 'todosReplaced':
    case 'usageAdded':
    case 'outputSet':
    case 'detailsChanged':
      return change.case;
    default:
      return undefined;
  }
}

/** One event for two of the same slot, or undefined when there is none. */
function join(earlier: Change, later: Change): ExecutionEvent | undefined {
  switch (later.case) {
    case 'textAppended':
      return joinText(earlier, later);
    case 'messageUpdated':
      if (earlier.case === 'messageAppended') return executionEvent('messageAppended', { ...earlier.value, message: later.value.message });
      return executionEvent('messageUpdated', later.value);
    case 'toolCallUpserted': {
      if (earlier.case !== 'toolCallUpserted' || earlier.value.detached !== later.value.detached) return undefined;
      // The tool message that the first one adds has its time from it.
      const sameTime = earlier.value.toolCall?.startedAt === later.value.toolCall?.startedAt;
      return later.value.detached || sameTime ? executionEvent('toolCallUpserted', later.value) : undefined;
    }
    case 'subAgentUpserted':
    case 'taskUpserted':
    case 'todosReplaced':
    case 'outputSet':
      return executionEvent(later.case, later.value);
    case 'usageAdded': {
      if (earlier.case !== 'usageAdded' || later.value.usage === undefined) return undefined;
      return executionEvent('usageAdded', { usage: addUsage(earlier.value.usage, later.value.usage) });
    }
    case 'detailsChanged':
      if (earlier.case !== 'detailsChanged') return undefined;
      return executionEvent('detailsChanged', {
        error: later.value.error || earlier.value.error,
        startedAt: later.value.startedAt || earlier.value.startedAt,
        completedAt: later.value.completedAt || earlier.value.completedAt,
        temporalWorkflowId: later.value.temporalWorkflowId || earlier.value.temporalWorkflowId,
      });
    default:
      return undefined;
  }
}

function joinText(earlier: Change, { value }: Extract<Change, { case: 'textAppended' }>): ExecutionEvent | undefined {
  if (earlier.case === 'textAppended') {
    return executionEvent('textAppended', { ...earlier.value, text: earlier.value.text + value.text });
  }
  if (earlier.case !== 'messageAppended' && earlier.case !== 'messageUpdated') return undefined;
  const { message } = earlier.value;
  if (message === undefined) return undefined;
  return executionEvent(earlier.case, { ...earlier.value, message: { ...message, content: message.content + value.text } });
}
