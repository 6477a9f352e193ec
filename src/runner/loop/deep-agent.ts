import { type BaseMessage, HumanMessage } from '@langchain/core/messages';
import type { StructuredToolInterface } from '@langchain/core/tools';
import type { BaseCheckpointSaver } from '@langchain/langgraph';
import { type BackendProtocolV2, createDeepAgent } from 'deepagents';
import { type AgentMiddleware, createMiddleware, todoListMiddleware } from 'langchain';
import type { Clock } from '../../contract/clock.js';
import { unimplemented } from '../../contract/errors.js';
import { chatModel } from '../model/chat-model.js';
import type { AskedModel } from '../model/model-failure.js';
import { modelFetch, type ModelLimits, type ModelListener } from '../model/model-fetch.js';
import type { AgentLoop, LoopEnd, LoopEvent } from './agent-loop.js';
import { LoopGuard, type LoopLimits } from './loop-guard.js';
import { modelTurns } from './model-turns.js';
import { Places } from './place.js';
import { ToolCallIds } from './tool-call-ids.js';
import { toolCalls } from './tool-calls.js';
import { TurnStream } from './turn-stream.js';

/** An agent that the main one may hand a task to. */
export interface SubAgentOptions {
  readonly name: string;
  readonly description: string;
  readonly systemPrompt: string;
  readonly tools: readonly StructuredToolInterface[];
}

export interface DeepAgentOptions {
  readonly asked: AskedModel;
  readonly systemPrompt: string;
  /** The files that the agent's file tools see. */
  readonly files: BackendProtocolV2;
  /** Beside those that every agent has: files, to-do list, sub-agents. */
  readonly tools: readonly StructuredToolInterface[];
  readonly subAgents: readonly SubAgentOptions[];
  /** Remembers the conversation of the thread. */
  readonly memory: BaseCheckpointSaver;
  readonly threadId: string;
  readonly limits: LoopLimits;
  readonly clock: Clock;
  /** Hears how the connection to the model fares. */
  readonly model: ModelListener;
  readonly modelLimits?: Partial<ModelLimits>;
}

/** Steps of the graph after which a run is ended: model calls, tool calls and what the library does between them. As the original's. */
const recursionLimit = 1_000;

const generalPurpose = {
  name: 'general-purpose',
  description: 'An agent like this one, with the same tools and an empty memory, for a task of several steps whose outcome alone matters.',
};

/** An agent of the library deepagents, behind our interface. Made for one run. */
export function deepAgentLoop(options: DeepAgentOptions): AgentLoop {
  return {
    async start({ id, text }, emit, signal): Promise<LoopEnd> {
      const { agent, stream } = build(options, emit, signal);
      signal.throwIfAborted();
      const config = { configurable: { thread_id: options.threadId }, signal, callbacks: [stream], recursionLimit };
      // A promise, whatever the library's types say.
      const stopped = isInTheMiddleOf(id, await Promise.resolve(agent.getState(config)));
      const input = stopped ? null : { messages: [new HumanMessage({ id, content: text })] };
      await agent.invoke(input as Parameters<typeof agent.invoke>[0], config);
      return { type: 'done' };
    },
    resume: () => Promise.reject(unimplemented('This runner cannot go on with a run that was interrupted.')),
  };
}

/** Whether the thread has steps before it that belong to the answer to this message. */
function isInTheMiddleOf(messageId: string, { next, values }: { readonly next: readonly string[]; readonly values: unknown }): boolean {
  const messages = (values as { messages?: BaseMessage[] } | undefined)?.messages ?? [];
  return next.length > 0 && messages.findLast((message) => HumanMessage.isInstance(message))?.id === messageId;
}

/** One for any task, unless the agent has one of that name itself. */
function withGeneralPurpose({ subAgents, systemPrompt, tools }: DeepAgentOptions): SubAgentOptions[] {
  const own = subAgents.some(({ name }) => name === generalPurpose.name);
  return [...(own ? [] : [{ ...generalPurpose, systemPrompt, tools }]), ...subAgents];
}

function build(options: DeepAgentOptions, emit: (event: LoopEvent) => void, signal: AbortSignal) {
  const { asked, clock, systemPrompt, files, tools, memory } = options;
  const places = new Places();
  const ids = new ToolCallIds();
  const faults = new Map<string, string>();
  const guard = new LoopGuard(options.limits);
  const tell = (event: LoopEvent): void => {
    if (event.type === 'usage') guard.afterTurn(event.usage);
    emit(event);
  };
  const listener = (): ModelListener => {
    const { call } = places.here;
    return {
      ...options.model,
      failed: (error) => {
        if (call !== undefined) call.failure = error;
        options.model.failed(error);
      },
    };
  };
  const fetch = modelFetch({ asked, clock, signal, listener, ...(options.modelLimits === undefined ? {} : { limits: options.modelLimits }) });
  const middleware = [
    todoListMiddleware(),
    createMiddleware({
      name: 'stigmer',
      wrapModelCall: modelTurns({
        asked,
        places,
        ids,
        emit,
        listener: options.model,
        signal,
        guard,
        onFaults: (found) => found.forEach((fault, id) => faults.set(id, fault)),
      }),
      wrapToolCall: toolCalls({ places, emit, signal, guard, takesBlocks: asked.settings.provider === 'anthropic', faultOf: (id) => faults.get(id) }),
    }),
  ] as AgentMiddleware[];

  const agent = createDeepAgent({
    model: chatModel(asked, fetch),
    systemPrompt,
    backend: files,
    tools: [...tools] as never,
    middleware,
    subagents: withGeneralPurpose(options).map((one) => ({ ...one, tools: [...one.tools] as never, middleware })),
    checkpointer: memory,
  });
  return { agent, stream: new TurnStream({ places, ids, asked, emit: tell }) };
}
