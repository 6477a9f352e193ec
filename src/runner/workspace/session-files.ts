import { constants } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { type BackendProtocolV2, type EditResult, FilesystemBackend, type FileInfo, type GlobResult, type GrepMatch, type GrepResult, type LsResult } from 'deepagents';

/** Largest file that is read, written or searched. */
const fileBytes = 10 * 1024 * 1024;
/** Most matches of one search. */
const mostMatches = 1_000;
/** Longest part of a line that a match shows. */
const lineLength = 1_000;

/**
 * The files of one session, as the library's file tools see them: `/` is the session's folder. What leads out of it, by `..`, by a
 * symbolic link or by a pattern, is refused, and no answer tells where on the machine the folder is.
 */
export class SessionFiles implements BackendProtocolV2 {
  readonly folder: string;
  readonly #signal: AbortSignal;
  readonly #files: FilesystemBackend;

  /** `signal` ends a search that is under way. */
  constructor(folder: string, signal: AbortSignal) {
    this.folder = folder;
    this.#signal = signal;
    this.#files = new FilesystemBackend({ rootDir: folder, virtualMode: true, maxFileSizeMb: fileBytes / 1024 / 1024 });
  }

  async ls(path: string): Promise<LsResult> {
    const fault = await this.#pathFault(path);
    if (fault !== undefined) return { error: fault };
    if (await this.#isFolder(path)) return this.#files.ls(path);
    return { error: `'${path}' is no folder` };
  }

  async read(path: string, offset?: number, limit?: number): ReturnType<FilesystemBackend['read']> {
    const fault = (await this.#pathFault(path)) ?? (await this.#sizeFault(path));
    return fault === undefined ? this.#clean(await this.#files.read(path, offset, limit)) : { error: fault };
  }

  async readRaw(path: string): ReturnType<FilesystemBackend['readRaw']> {
    const fault = (await this.#pathFault(path)) ?? (await this.#sizeFault(path));
    return fault === undefined ? this.#clean(await this.#files.readRaw(path)) : { error: fault };
  }

  async write(path: string, content: string): ReturnType<FilesystemBackend['write']> {
    const bytes = Buffer.byteLength(content);
    const tooLarge = bytes > fileBytes ? `the content has ${bytes} bytes, the limit is ${fileBytes}` : undefined;
    const fault = tooLarge ?? (await this.#pathFault(path));
    return fault === undefined ? this.#clean(await this.#files.write(path, content)) : { error: `Error: ${fault}` };
  }

  async edit(path: string, before: string, after: string, all?: boolean): Promise<EditResult> {
    const fault = (await this.#pathFault(path)) ?? (await this.#sizeFault(path));
    return fault === undefined ? this.#clean(await this.#files.edit(path, before, after, all)) : { error: `Error: ${fault}` };
  }

  async delete(path: string): ReturnType<FilesystemBackend['delete']> {
    const fault = lexicalFault(path);
    return fault === undefined ? this.#clean(await this.#files.delete(path)) : { error: `Error: ${fault}` };
  }

  async glob(pattern: string, path = '/'): Promise<GlobResult> {
    const fault = patternFault(pattern) ?? (await this.#pathFault(path));
    if (fault !== undefined) return { error: fault };
    const found = await this.#files.glob(pattern, path);
    const files: FileInfo[] = [];
    for (const file of found.files ?? []) {
      // A pattern may name a link on its way, or expand to one with '..', and the library would follow.
      if (await this.#isInside(file.path)) files.push(file);
    }
    return { files };
  }

  /** Lines that hold `text`, of text files under `path`. */
  async grep(text: string, path?: string | null, glob?: string | null, maxCount?: number | null): Promise<GrepResult> {
    const start = path ?? '/';
    const fault = await this.#pathFault(start);
    if (fault !== undefined) return { error: `Error: ${fault}` };
    const pattern = glob ? (glob.includes('/') ? glob : `**/${glob}`) : '**/*';
    const found = (await this.#isFolder(start)) ? await this.glob(pattern, start) : { error: await this.#sizeFault(start), files: [{ path: start }] };
    if (found.error !== undefined) return { error: `Error: ${found.error}` };
    const most = Math.min(maxCount ?? mostMatches, mostMatches);
    const matches: GrepMatch[] = [];
    for (const file of found.files ?? []) {
      if (this.#signal.aborted || matches.length > most) break;
      matches.push(...(await this.#linesWith(text, file.path, most + 1 - matches.length)));
    }
    return matches.length > most ? { matches: matches.slice(0, most), truncated: true } : { matches };
  }

  async #linesWith(text: string, path: string, most: number): Promise<GrepMatch[]> {
    if ((await this.#sizeFault(path)) !== undefined) return [];
    const content = await this.#content(path);
    if (content === undefined || content.subarray(0, 8192).includes(0)) return [];
    const matches: GrepMatch[] = [];
    for (const [at, line] of content.toString().split('\n').entries()) {
      if (!line.includes(text)) continue;
      matches.push({ path, line: at + 1, text: line.length > lineLength ? `${line.slice(0, lineLength)}…` : line });
      if (matches.length >= most) break;
    }
    return matches;
  }

  async #content(path: string): Promise<Buffer | undefined> {
    try {
      const file = await open(this.#real(path), constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        return await file.readFile();
      } finally {
        await file.close();
      }
    } catch {
      // Gone or not readable: a search goes on with the others.
      return undefined;
    }
  }

  /** Why the path is refused: because of how it is written, or because of where it leads. */
  async #pathFault(path: string): Promise<string | undefined> {
    const fault = lexicalFault(path);
    if (fault !== undefined) return fault;
    const root = await realpath(this.folder);
    // The longest part of it that is there; what is not there yet leads nowhere.
    for (let at = this.#real(path); at.length >= this.folder.length; at = at.slice(0, at.lastIndexOf(sep))) {
      try {
        const real = await realpath(at);
        return real === root || real.startsWith(root + sep) ? undefined : `'${path}' leads out of the workspace`;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ELOOP') return `'${path}' is a link that leads to itself`;
        if (code !== 'ENOENT' && code !== 'ENOTDIR') return `'${path}' cannot be opened (${code ?? 'error'})`;
      }
    }
    return undefined;
  }

  async #isInside(path: string): Promise<boolean> {
    try {
      return (await realpath(this.#real(path))).startsWith((await realpath(this.folder)) + sep);
    } catch {
      return false;
    }
  }

  async #sizeFault(path: string): Promise<string | undefined> {
    try {
      const found = await stat(this.#real(path));
      if (!found.isFile()) return `'${path}' is no file`;
      return found.size > fileBytes ? `'${path}' has ${found.size} bytes, the limit is ${fileBytes}` : undefined;
    } catch {
      // Whoever opens it says what is the matter with it.
      return `'${path}' not found`;
    }
  }

  async #isFolder(path: string): Promise<boolean> {
    try {
      return (await stat(this.#real(path))).isDirectory();
    } catch {
      return false;
    }
  }

  #real(path: string): string {
    return join(this.folder, ...path.split('/'));
  }

  /** The same answer without the folder's place on the machine. */
  #clean<T extends { error?: string }>(answer: T): T {
    if (answer.error === undefined) return answer;
    return { ...answer, error: answer.error.replaceAll(this.folder, '').replaceAll(relative('/', this.folder), '') };
  }
}

function lexicalFault(path: string): string | undefined {
  if (path.includes('\0')) return 'a path must not hold a NUL character';
  if (path.split(/[/\\]/).includes('..')) return `'${path}' must not hold '..'`;
  return path.startsWith('~') ? `'${path}' must start with '/', the root of the workspace` : undefined;
}

/** Patterns are expanded before they are matched, so that `..` may hide in braces. */
function patternFault(pattern: string): string | undefined {
  return pattern.includes('..') || pattern.includes('\0') ? `the pattern '${pattern}' must not hold '..'` : undefined;
}
