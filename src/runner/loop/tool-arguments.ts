import { AIMessage, AIMessageChunk } from '@langchain/core/messages';
import type { ToolCallIds } from './tool-call-ids.js';

/** A model's answer whose tool calls can be carried out, and which of them cannot. */
export interface CheckedAnswer {
  readonly message: AIMessage;
  /** By the id of the call: what is wrong with its arguments. */
  readonly faults: ReadonlyMap<string, string>;
}

/**
 * Gives the tool calls of an answer their ids in the run, and finds those whose arguments are no JSON: cut off by the limit of tokens,
 * or badly written. The library would carry out the former with what is there, half a file for a whole one, and pass over the latter
 * as if the model had asked for nothing.
 */
export function checkToolCalls(message: AIMessage, known: ReadonlyMap<string, string>, ids: ToolCallIds): CheckedAnswer {
  const written = message instanceof AIMessageChunk ? (message.tool_call_chunks ?? []) : [];
  const faults = new Map<string, string>();
  const taken = new Set<string>();
  const idOf = (given: string | undefined): string => {
    const announced = given === undefined ? undefined : known.get(given);
    const id = announced === undefined || taken.has(announced) ? ids.take(given) : announced;
    taken.add(id);
    return id;
  };

  const calls = (message.tool_calls ?? []).map((call) => {
    const id = idOf(call.id);
    const text = written.find((chunk) => chunk.id !== undefined && chunk.id === call.id)?.args;
    const fault = text === undefined || text === '' ? undefined : jsonFault(text);
    if (fault !== undefined) faults.set(id, fault);
    return { ...call, id, args: fault === undefined ? call.args : {} };
  });
  for (const call of message.invalid_tool_calls ?? []) {
    if (!call.name) continue;
    const id = idOf(call.id);
    faults.set(id, jsonFault(call.args ?? '') ?? call.error ?? 'no object');
    calls.push({ type: 'tool_call', name: call.name, id, args: {} });
  }

  const same = faults.size === 0 && calls.every((call, at) => call.id === message.tool_calls?.[at]?.id);
  if (same) return { message, faults };
  const { tool_calls: _raw, ...additional_kwargs } = message.additional_kwargs;
  const { response_metadata, usage_metadata, id, name } = message;
  return {
    faults,
    message: new AIMessage({
      // Blocks of the provider's own may hold the calls a second time, with the old ids.
      content: message.text,
      tool_calls: calls,
      additional_kwargs,
      response_metadata,
      ...(usage_metadata === undefined ? {} : { usage_metadata }),
      ...(id === undefined ? {} : { id }),
      ...(name === undefined ? {} : { name }),
    }),
  };
}

function jsonFault(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'they are no JSON object';
  } catch (error) {
    return (error as Error).message;
  }
}
