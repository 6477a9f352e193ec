import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { logFileName } from './log-file.js';

/** One of a component's log files. */
export interface LogPart {
  readonly path: string;
  /** Inode: what stays the same when the file is rotated to another name. */
  readonly inode: number;
  readonly size: number;
  /** When it was last written, in milliseconds since 1970. */
  readonly writtenAt: number;
}

/** The component's log files, oldest first. */
export async function logParts(directory: string, component: string): Promise<LogPart[]> {
  const parts: LogPart[] = [];
  for (let generation = 0; ; generation += 1) {
    const path = join(directory, logFileName(component, generation));
    const handle = await openIfThere(path);
    // The current file alone may be missing, for the moment between putting it aside and beginning the next one.
    if (handle === undefined && generation > 0) return parts.toReversed();
    if (handle === undefined) continue;
    try {
      const { ino, size, mtimeMs } = await handle.stat();
      parts.push({ path, inode: ino, size, writtenAt: mtimeMs });
    } finally {
      await handle.close();
    }
  }
}

/**
 * A place in a component's log that survives rotation: each `read` yields the whole lines written since the one before, in order,
 * none left out and none twice, as long as the log is not rotated through all its files in between.
 */
export class LogCursor {
  readonly #directory: string;
  readonly #component: string;
  #inode: number | undefined;
  #offset = 0;

  constructor(directory: string, component: string) {
    this.#directory = directory;
    this.#component = component;
  }

  /** Puts the cursor behind `offset` bytes of a file. */
  moveTo(part: LogPart, offset: number): void {
    this.#inode = part.inode;
    this.#offset = offset;
  }

  /** The lines from here to the present end. */
  async *read(): AsyncGenerator<string> {
    const parts = await logParts(this.#directory, this.#component);
    const at = parts.findIndex((part) => part.inode === this.#inode);
    for (const part of parts.slice(Math.max(at, 0))) {
      const handle = await openPart(this.#directory, this.#component, part);
      if (handle === undefined) continue;
      if (part.inode !== this.#inode) this.moveTo(part, 0);
      try {
        for await (const line of linesFrom(handle, this.#offset)) {
          this.#offset = line.end;
          yield line.text;
        }
      } finally {
        await handle.close();
      }
    }
  }
}

/** Opens the file that `part` describes, under the name that it has by now; undefined when it was rotated away. */
export async function openPart(directory: string, component: string, part: LogPart): Promise<FileHandle | undefined> {
  for (const { path } of [part, ...(await logParts(directory, component))]) {
    const handle = await openIfThere(path);
    if (handle === undefined) continue;
    if ((await handle.stat()).ino === part.inode) return handle;
    await handle.close();
  }
  return undefined;
}

/** The whole lines of a file from `offset` on, each with the offset behind it. A last line that has no end yet is left for later. */
export async function* linesFrom(handle: FileHandle, offset: number): AsyncGenerator<{ text: string; end: number }> {
  const buffer = Buffer.alloc(64 * 1024);
  let rest = Buffer.alloc(0);
  let at = offset;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at + rest.length);
    if (bytesRead === 0) return;
    let block = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    for (let end = block.indexOf(10); end >= 0; end = block.indexOf(10)) {
      at += end + 1;
      yield { text: block.toString('utf8', 0, end), end: at };
      block = block.subarray(end + 1);
    }
    rest = block;
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
