import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** SHA-256 of a file, in hex. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Writes a stream to a new file, flushed to disk, and returns the SHA-256 of what was written and its length in bytes. */
export async function writeHashed(
  source: AsyncIterable<Uint8Array>,
  path: string,
  mode: number,
  onBytes: (total: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(
    source,
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        onBytes(bytes);
        yield chunk;
      }
    },
    createWriteStream(path, { flags: 'w', mode, flush: true }),
    ...(signal === undefined ? [] : [{ signal }]),
  );
  return { sha256: hash.digest('hex'), bytes };
}
