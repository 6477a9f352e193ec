import { z } from 'zod';
import { openCall, toolOfCall } from './conversation.js';
import type { Message } from './conversation.js';
import { refuse } from './protocol.js';
import type { Answer, Frame, LookUp, ReadResult } from './protocol.js';

/** OpenAI chat completions: https://platform.openai.com/docs/api-reference/chat */
export const chatPath = '/v1/chat/completions';
export const streamType = 'text/event-stream';

const part = z.union([
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('image_url'), image_url: z.object({ url: z.string() }) }),
]);
const content = z.union([z.string(), z.array(part)]);

const message = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer']), content }),
  z.object({ role: z.literal('user'), content }),
  z.object({
    role: z.literal('assistant'),
    content: content.nullish(),
    tool_calls: z
      .array(z.object({ id: z.string(), function: z.object({ name: z.string(), arguments: z.string() }) }))
      .nullish(),
  }),
  z.object({ role: z.literal('tool'), content, tool_call_id: z.string() }),
]);

const request = z.object({
  model: z.string(),
  messages: z.array(message).min(1),
  tools: z.array(z.object({ function: z.object({ name: z.string() }) })).default([]),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
});

export function readConversation(body: unknown): ReadResult {
  const read = request.safeParse(body);
  if (!read.success) return refuse(read.error);
  const { model, messages: given, tools, stream, stream_options } = read.data;
  const system: string[] = [];
  const messages: Message[] = [];
  for (const each of given) {
    const text = textOf(each.content);
    if (each.role === 'tool') {
      const tool = toolOfCall(messages, each.tool_call_id);
      if (tool === undefined) return { refused: `messages: tool_call_id ${each.tool_call_id} answers no call made before` };
      messages.push({ role: 'tool', tool, callId: each.tool_call_id, text });
    } else if (each.role === 'assistant') {
      const calls = (each.tool_calls ?? []).map(({ id, function: { name } }) => ({ id, name }));
      messages.push({ role: 'assistant', text, calls });
    } else if (each.role === 'user') messages.push({ role: 'user', text, images: imagesIn(each.content) });
    else system.push(text);
  }
  const open = openCall(messages);
  if (open) return { refused: `messages: tool call ${open.id} (${open.name}) has no message of role tool that answers it` };
  return {
    conversation: {
      model,
      system: system.join('\n\n'),
      messages,
      tools: tools.map((tool) => tool.function.name),
      stream: stream ?? false,
      streamUsage: stream_options?.include_usage ?? false,
    },
  };
}

export function* streamFrames(answer: Answer): Generator<Frame> {
  const { turn, conversation } = answer;
  const chunk = (choices: unknown[], usage: unknown = null): string =>
    event({ ...envelope(answer), object: 'chat.completion.chunk', choices, ...(conversation.streamUsage ? { usage } : {}) });
  const delta = (change: object, paced: boolean): Frame => ({
    data: chunk([{ index: 0, delta: change, finish_reason: null }]),
    paced,
  });

  yield delta({ role: 'assistant', content: '' }, false);
  for (const piece of turn.pieces) yield delta({ content: piece }, true);
  for (const [index, call] of turn.calls.entries()) {
    const opening = { index, id: call.id, type: 'function', function: { name: call.name, arguments: '' } };
    yield delta({ tool_calls: [opening] }, true);
    for (const piece of call.argPieces) yield delta({ tool_calls: [{ index, function: { arguments: piece } }] }, true);
  }
  yield { data: chunk([{ index: 0, delta: {}, finish_reason: finishReason(answer) }]), paced: false };
  if (conversation.streamUsage) yield { data: chunk([], usageOf(answer)), paced: false };
  yield { data: 'data: [DONE]\n\n', paced: false };
}

export function wholeAnswer(answer: Answer): unknown {
  const { turn } = answer;
  const tool_calls = turn.calls.map(({ id, name, args }) => ({
    id,
    type: 'function',
    function: { name, arguments: JSON.stringify(args) },
  }));
  const text = turn.pieces.join('');
  const reply = { role: 'assistant', content: text || null, ...(tool_calls.length > 0 ? { tool_calls } : {}) };
  return {
    ...envelope(answer),
    object: 'chat.completion',
    choices: [{ index: 0, message: reply, finish_reason: finishReason(answer) }],
    usage: usageOf(answer),
  };
}

export function errorBody(status: number, message: string): unknown {
  const type = status === 429 ? 'rate_limit_error' : status < 500 ? 'invalid_request_error' : 'server_error';
  return { error: { message, type, param: null, code: null } };
}

export function errorFrame(status: number, message: string): string {
  return event(errorBody(status, message));
}

export function lookUp({ method, path, models }: LookUp): { status: number; body: unknown } | undefined {
  if (method !== 'GET' || path !== '/v1/models') return undefined;
  const data = models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'demo-model' }));
  return { status: 200, body: { object: 'list', data } };
}

function event(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

function envelope({ turn, conversation, now }: Answer): object {
  return { id: `chatcmpl-${turn.id}`, created: Math.floor(now / 1000), model: conversation.model };
}

function finishReason({ turn }: Answer): string {
  return turn.calls.length > 0 ? 'tool_calls' : turn.finish;
}

function usageOf({ turn: { usage } }: Answer): object {
  return { prompt_tokens: usage.input, completion_tokens: usage.output, total_tokens: usage.input + usage.output };
}

type Content = z.output<typeof content> | null | undefined;

function textOf(given: Content): string {
  if (typeof given === 'string') return given;
  return (given ?? []).map((each) => (each.type === 'text' ? each.text : '')).join('');
}

function imagesIn(given: Content): number {
  return Array.isArray(given) ? given.filter((each) => each.type === 'image_url').length : 0;
}
