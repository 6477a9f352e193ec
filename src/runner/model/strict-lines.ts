/**
 * A fetch whose answers in JSON lines end by an error at the first line that is no JSON. Ollama's client prints such a line and goes on
 * without it, so that a piece of the answer would be missing and nobody know.
 */
export function strictLines(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const isLines = response.headers.get('content-type')?.startsWith('application/x-ndjson') === true;
    if (response.body === null || !response.ok || !isLines) return response;
    return new Response(response.body.pipeThrough(lineCheck()), response);
  };
}

function lineCheck(): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  let open = '';
  return new TransformStream({
    transform(chunk, controller) {
      const lines = (open + decoder.decode(chunk, { stream: true })).split('\n');
      open = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') JSON.parse(line);
      controller.enqueue(chunk);
    },
    flush() {
      if (open.trim() !== '') JSON.parse(open);
    },
  });
}
