import { AIMessage } from '@langchain/core/messages';
import type { AgentMiddleware } from 'langchain';
import type { StigmerError } from '../../contract/errors.js';
import { type AskedModel, brokenAnswer, modelFailureIn } from '../model/model-failure.js';
import type { ModelListener } from '../model/model-fetch.js';
import type { LoopEvent } from './agent-loop.js';
import type { LoopGuard } from './loop-guard.js';
import type { ModelCall, Places } from './place.js';
import { checkToolCalls } from './tool-arguments.js';
import type { ToolCallIds } from './tool-call-ids.js';

export interface ModelTurnsOptions {
  readonly asked: AskedModel;
  readonly places: Places;
  readonly ids: ToolCallIds;
  readonly emit: (event: LoopEvent) => void;
  readonly listener: ModelListener;
  readonly signal: AbortSignal;
  readonly guard: LoopGuard;
  /** Told of calls that cannot be carried out, with what is wrong with their arguments. */
  readonly onFaults: (faults: ReadonlyMap<string, string>) => void;
}

/** How often one answer is asked for when it breaks off. */
const tries = 3;

/** What an agent of the library does around each call to the model: tells its beginning and end, and asks again when an answer breaks off. */
export function modelTurns(options: ModelTurnsOptions): NonNullable<AgentMiddleware['wrapModelCall']> {
  const { asked, places, ids, emit, listener, signal, guard, onFaults } = options;
  let turns = 0;
  return async (request, handler) => {
    guard.beforeTurn();
    const { scope } = places.here;
    const turn = `turn-${++turns}`;
    emit({ type: 'turn-started', turn, ...(scope === undefined ? {} : { scope }) });
    for (let tried = 1; ; tried++) {
      const call: ModelCall = { turn, scope, ids: new Map() };
      try {
        const answer = await places.within({ call }, () => handler(request));
        emit({ type: 'turn-ended', turn });
        if (!AIMessage.isInstance(answer)) return answer;
        const { message, faults } = checkToolCalls(answer, call.ids, ids);
        onFaults(faults);
        return message;
      } catch (error) {
        if (signal.aborted || isContextOverflow(error)) throw error;
        const failure = reasonOf(error, call, asked);
        if (failure.reason !== 'MODEL_BROKEN_ANSWER' || tried >= tries) {
          emit({ type: 'turn-ended', turn });
          throw failure;
        }
        listener.trouble({ code: 'MODEL_RETRY', text: failure.message, retryInMs: 0 });
        emit({ type: 'turn-restarted', turn });
      }
    }
  };
}

/** What the HTTP side saw says more than what a client made of it. */
function reasonOf(error: unknown, call: ModelCall, asked: AskedModel): StigmerError {
  return call.failure ?? modelFailureIn(error) ?? brokenAnswer(asked, error);
}

/** The library's sign that a conversation is too long, by which it knows that it must be summarised. */
function isContextOverflow(error: unknown): boolean {
  return error instanceof Error && error.name === 'ContextOverflowError';
}
