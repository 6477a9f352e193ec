import { z } from 'zod';
import { openCall, toolOfCall } from './conversation.js';
import type { Message } from './conversation.js';
import { refuse } from './protocol.js';
import type { Answer, Frame, ReadResult } from './protocol.js';

/** Anthropic messages: https://docs.anthropic.com/en/api/messages */
export const chatPath = '/v1/messages';
export const streamType = 'text/event-stream';

const text = z.object({ type: z.literal('text'), text: z.string() });
const image = z.object({ type: z.literal('image') });

const userContent = z.union([
  z.string(),
  z.array(
    z.discriminatedUnion('type', [
      text,
      image,
      z.object({
        type: z.literal('tool_result'),
        tool_use_id: z.string(),
        content: z.union([z.string(), z.array(z.discriminatedUnion('type', [text, image]))]).default(''),
      }),
    ]),
  ),
]);

const assistantContent = z.union([
  z.string(),
  z.array(
    z.discriminatedUnion('type', [
      text,
      z.object({ type: z.literal('tool_use'), id: z.string(), name: z.string(), input: z.unknown() }),
    ]),
  ),
]);

const request = z.object({
  model: z.string(),
  max_tokens: z.int().min(1),
  system: z.union([z.string(), z.array(text)]).default(''),
  messages: z
    .array(
      z.discriminatedUnion('role', [
        z.object({ role: z.literal('user'), content: userContent }),
        z.object({ role: z.literal('assistant'), content: assistantContent }),
      ]),
    )
    .min(1),
  tools: z.array(z.object({ name: z.string() })).default([]),
  stream: z.boolean().default(false),
});

export function readConversation(body: unknown): ReadResult {
  const read = request.safeParse(body);
  if (!read.success) return refuse(read.error);
  const { model, system, messages: given, tools, stream } = read.data;
  const messages: Message[] = [];
  for (const each of given) {
    if (each.role === 'assistant') {
      const uses = typeof each.content === 'string' ? [] : each.content.filter((block) => block.type === 'tool_use');
      const calls = uses.map(({ id, name }) => ({ id, name }));
      messages.push({ role: 'assistant', text: textOf(each.content), calls });
      continue;
    }
    const blocks = typeof each.content === 'string' ? [] : each.content;
    const results = blocks.filter((block) => block.type === 'tool_result');
    for (const result of results) {
      const tool = toolOfCall(messages, result.tool_use_id);
      if (tool === undefined) return { refused: `messages: tool_use_id ${result.tool_use_id} answers no tool_use made before` };
      messages.push({ role: 'tool', tool, callId: result.tool_use_id, text: textOf(result.content) });
    }
    // Results and the user's next words share one message here; with results alone the user said nothing new.
    const said = textOf(each.content);
    const images = blocks.filter((block) => block.type === 'image').length;
    if (results.length === 0 || said !== '' || images > 0) messages.push({ role: 'user', text: said, images });
  }
  const open = openCall(messages);
  if (open) return { refused: `messages: tool_use ${open.id} (${open.name}) has no tool_result in the next message` };
  return {
    conversation: {
      model,
      system: textOf(system),
      messages,
      tools: tools.map((tool) => tool.name),
      stream,
      streamUsage: true,
    },
  };
}

export function* streamFrames(answer: Answer): Generator<Frame> {
  const { turn } = answer;
  const frame = (type: string, fields: object, paced = false): Frame => ({ data: event(type, fields), paced });
  let index = 0;

  // No output yet: some clients add this to the usage at the end, others replace it, so only 0 means the same to both.
  const usage = { input_tokens: turn.usage.input, output_tokens: 0 };
  const opening = { ...envelope(answer), content: [], stop_reason: null, usage };
  yield frame('message_start', { message: opening });
  if (turn.pieces.length > 0) {
    yield frame('content_block_start', { index, content_block: { type: 'text', text: '' } });
    for (const piece of turn.pieces) {
      yield frame('content_block_delta', { index, delta: { type: 'text_delta', text: piece } }, true);
    }
    yield frame('content_block_stop', { index });
    index += 1;
  }
  for (const { id, name, argPieces } of turn.calls) {
    yield frame('content_block_start', { index, content_block: { type: 'tool_use', id, name, input: {} } }, true);
    for (const piece of argPieces) {
      yield frame('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: piece } }, true);
    }
    yield frame('content_block_stop', { index });
    index += 1;
  }
  const delta = { stop_reason: stopReason(answer), stop_sequence: null };
  yield frame('message_delta', { delta, usage: { output_tokens: turn.usage.output } });
  yield frame('message_stop', {});
}

export function wholeAnswer(answer: Answer): unknown {
  const { turn } = answer;
  const said = turn.pieces.join('');
  const content = [
    ...(said === '' ? [] : [{ type: 'text', text: said }]),
    ...turn.calls.map(({ id, name, args }) => ({ type: 'tool_use', id, name, input: args })),
  ];
  const usage = { input_tokens: turn.usage.input, output_tokens: turn.usage.output };
  return { ...envelope(answer), content, stop_reason: stopReason(answer), usage };
}

export function errorBody(status: number, message: string): unknown {
  const types: Record<number, string> = {
    401: 'authentication_error',
    403: 'permission_error',
    404: 'not_found_error',
    413: 'request_too_large',
    429: 'rate_limit_error',
    529: 'overloaded_error',
  };
  const type = types[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
  return { type: 'error', error: { type, message } };
}

export function errorFrame(status: number, message: string): string {
  return `event: error\ndata: ${JSON.stringify(errorBody(status, message))}\n\n`;
}

/** None: its list of models shares OpenAI's path. */
export function lookUp(): undefined {
  return undefined;
}

function event(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

function envelope({ turn, conversation }: Answer): object {
  return { id: `msg_${turn.id}`, type: 'message', role: 'assistant', model: conversation.model, stop_sequence: null };
}

function stopReason({ turn }: Answer): string {
  if (turn.calls.length > 0) return 'tool_use';
  return turn.finish === 'length' ? 'max_tokens' : 'end_turn';
}

function textOf(content: string | { type: string; text?: string }[]): string {
  if (typeof content === 'string') return content;
  return content.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join('');
}
