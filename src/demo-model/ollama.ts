import { z } from 'zod';
import type { AskedCall, Message } from './conversation.js';
import { refuse } from './protocol.js';
import type { Answer, Frame, LookUp, ReadResult } from './protocol.js';

/** Ollama: https://github.com/ollama/ollama/blob/main/docs/api.md */
export const chatPath = '/api/chat';
export const streamType = 'application/x-ndjson';

const request = z.object({
  model: z.string(),
  messages: z.array(
    z.object({
      role: z.enum(['system', 'user', 'assistant', 'tool']),
      content: z.string().default(''),
      images: z.array(z.string()).nullish(),
      tool_calls: z.array(z.object({ function: z.object({ name: z.string() }) })).nullish(),
      tool_name: z.string().optional(),
    }),
  ),
  tools: z.array(z.object({ function: z.object({ name: z.string() }) })).nullish(),
  stream: z.boolean().default(true),
});

export function readConversation(body: unknown): ReadResult {
  const read = request.safeParse(body);
  if (!read.success) return refuse(read.error);
  const { model, messages: given, tools, stream } = read.data;
  const system: string[] = [];
  const messages: Message[] = [];
  // Results carry no id and often no name: they answer the calls of the last assistant message in their order.
  let open: AskedCall[] = [];
  for (const { role, content: text, images, tool_calls, tool_name } of given) {
    if (role === 'system') system.push(text);
    else if (role === 'user') addUserMessage(messages, text, images?.length ?? 0);
    else if (role === 'assistant') {
      const calls = (tool_calls ?? []).map((call) => ({ id: '', name: call.function.name }));
      messages.push({ role, text, calls });
      open = [...calls];
    } else {
      const called = open.shift();
      messages.push({ role, text, callId: '', tool: tool_name ?? called?.name ?? '' });
    }
  }
  return {
    conversation: {
      model,
      system: system.join('\n\n'),
      messages,
      tools: (tools ?? []).map((tool) => tool.function.name),
      stream,
      streamUsage: true,
    },
  };
}

/** Some clients send each picture as a message without text; they belong to the text beside them. */
function addUserMessage(messages: Message[], text: string, images: number): void {
  const before = messages.at(-1);
  if (before?.role === 'user' && (before.text === '' || text === '')) {
    before.text += text;
    before.images += images;
  } else messages.push({ role: 'user', text, images });
}

/** A tool call comes whole, in a frame of its own: Ollama streams no arguments. */
export function* streamFrames(answer: Answer): Generator<Frame> {
  const { turn } = answer;
  const frame = (message: object, paced: boolean): Frame => ({
    data: `${JSON.stringify({ ...envelope(answer), message: { role: 'assistant', ...message }, done: false })}\n`,
    paced,
  });
  for (const piece of turn.pieces) yield frame({ content: piece }, true);
  for (const [index, call] of turn.calls.entries()) {
    yield frame({ content: '', tool_calls: [toolCall(call, index)] }, true);
  }
  const message = { role: 'assistant', content: '' };
  yield { data: `${JSON.stringify({ ...envelope(answer), message, ...ending(answer) })}\n`, paced: false };
}

export function wholeAnswer(answer: Answer): unknown {
  const { turn } = answer;
  const tool_calls = turn.calls.map(toolCall);
  const message = {
    role: 'assistant',
    content: turn.pieces.join(''),
    ...(tool_calls.length > 0 ? { tool_calls } : {}),
  };
  return { ...envelope(answer), message, ...ending(answer) };
}

export function errorBody(_status: number, message: string): unknown {
  return { error: message };
}

export function errorFrame(status: number, message: string): string {
  return `${JSON.stringify(errorBody(status, message))}\n`;
}

const showRequest = z.object({ model: z.string().optional(), name: z.string().optional() });
const details = { format: 'script', family: 'demo-script', families: ['demo-script'], parameter_size: '0', quantization_level: 'none' };

export function lookUp({ method, path, body, models }: LookUp): { status: number; body: unknown } | undefined {
  if (method === 'GET' && path === '/api/version') return { status: 200, body: { version: '0.0.0-demo-script' } };
  if (method === 'GET' && path === '/api/tags') {
    const modified_at = new Date(0).toISOString();
    const listed = models.map((model) => ({ name: model, model, modified_at, size: 0, digest: '0'.repeat(64), details }));
    return { status: 200, body: { models: listed } };
  }
  if (method === 'POST' && path === '/api/show') {
    const asked = showRequest.safeParse(body);
    const model = asked.success ? (asked.data.model ?? asked.data.name) : undefined;
    if (model === undefined) return { status: 400, body: { error: 'model: the name of a model is required' } };
    if (!models.includes(model)) return { status: 404, body: { error: `model '${model}' not found` } };
    return { status: 200, body: { details, model_info: {}, capabilities: ['completion', 'tools'] } };
  }
  return undefined;
}

function toolCall({ id, name, args }: { id: string; name: string; args: object }, index: number): object {
  return { id, function: { index, name, arguments: args } };
}

function envelope({ conversation, now }: Answer): object {
  return { model: conversation.model, created_at: new Date(now).toISOString() };
}

function ending({ turn }: Answer): object {
  return {
    done: true,
    done_reason: turn.finish,
    total_duration: 0,
    load_duration: 0,
    prompt_eval_count: turn.usage.input,
    prompt_eval_duration: 0,
    eval_count: turn.usage.output,
    eval_duration: 0,
  };
}
