import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A provider that gives these frames of the OpenAI protocol, one answer after another; the last one again and again. */
export async function startFramesServer(answers: readonly unknown[]): Promise<{ readonly url: string; close(): void }> {
  let asked = 0;
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(`data: ${JSON.stringify(answers[Math.min(asked++, answers.length - 1)])}\n\ndata: [DONE]\n\n`);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, close: () => server.close() };
}

/** A whole answer in one frame. */
export function openAiFrame(delta: object, finishReason: string): unknown {
  return { id: 'c', choices: [{ index: 0, finish_reason: finishReason, delta: { role: 'assistant', ...delta } }] };
}

/** An answer that is one tool call, of the id `call_0`, its arguments as they are written. */
export function openAiCallFrame(name: string, args: string, finishReason: string): unknown {
  return openAiFrame({ tool_calls: [{ index: 0, id: 'call_0', type: 'function', function: { name, arguments: args } }] }, finishReason);
}

/** A port of the loopback on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
