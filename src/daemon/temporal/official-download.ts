import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { inheritedEnv } from '../supervision/inherited-env.js';
import { writeHashed } from './hashing.js';
import { CannotFetch, installBinary } from './install.js';
import type { ArchivePin } from './pins.js';
import { ARCHIVE_PINS, TEMPORAL_VERSION } from './pins.js';
import { megabyteProgress } from './progress.js';
import type { FindContext, Way } from './way.js';

/** Where archives come from and what they must be. */
export interface OfficialDownloadOptions {
  /** Default: the vendor's download service. */
  readonly baseUrl?: string;
  readonly pins?: Readonly<Record<string, ArchivePin>>;
}

/** The vendor's archive, verified by its SHA-256 before anything in it is touched. */
export function officialDownload(options: OfficialDownloadOptions = {}): Way {
  const baseUrl = options.baseUrl ?? 'https://temporal.download/cli/archive';
  const pins = options.pins ?? ARCHIVE_PINS;
  return {
    name: `download from ${new URL(baseUrl).host}`,
    async find(context) {
      const pin = pins[context.platform];
      if (pin === undefined) return { skipped: `no SHA-256 is known for ${context.platform}` };
      const url = `${baseUrl}/v${TEMPORAL_VERSION}?platform=${pin.platform}&arch=${pin.arch}`;
      return installBinary(context, url, async (file, folder) => {
        const archive = join(folder, 'archive.tar.gz');
        const { sha256 } = await download(url, archive, context);
        if (sha256 !== pin.sha256) throw new CannotFetch(`${url} has SHA-256 ${sha256}, expected ${pin.sha256}`);
        return unpack(archive, file, context);
      });
    },
  };
}

async function download(url: string, archive: string, context: FindContext): Promise<{ sha256: string }> {
  // Loaded here because the supervisor, which stays, needs it once in a machine's life.
  const { Agent, request, interceptors } = await import('undici');
  const agent = new Agent({ connect: { timeout: 3_000 }, headersTimeout: 15_000, bodyTimeout: 30_000 });
  try {
    const dispatcher = agent.compose(interceptors.redirect({ maxRedirections: 5 }));
    const response = await request(url, { dispatcher, ...(context.signal === undefined ? {} : { signal: context.signal }) });
    if (response.statusCode !== 200) throw new CannotFetch(`${url} answers with HTTP status ${response.statusCode}`);
    const length = Number(response.headers['content-length']);
    const total = Number.isFinite(length) ? length : undefined;
    const progress = megabyteProgress(`downloading Temporal ${TEMPORAL_VERSION}`, total, context.progress);
    return await writeHashed(response.body, archive, 0o600, progress, context.signal);
  } catch (error) {
    if (error instanceof CannotFetch || context.signal?.aborted === true) throw error;
    throw new CannotFetch(`${url}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await agent.destroy();
  }
}

/** Streams the one program out of the archive by the system's tar. Returns its SHA-256. */
async function unpack(archive: string, file: string, context: FindContext): Promise<string> {
  context.progress(`unpacking Temporal ${TEMPORAL_VERSION}`);
  const tar = spawn('tar', ['-xzOf', archive, 'temporal'], { stdio: ['ignore', 'pipe', 'ignore'], env: inheritedEnv(context.env) });
  const exited = once(tar, 'exit') as Promise<[number | null]>;
  try {
    const [{ sha256, bytes }, [code]] = await Promise.all([writeHashed(tar.stdout, file, 0o755, undefined, context.signal), exited]);
    if (code !== 0 || bytes === 0) throw new CannotFetch(`the archive could not be unpacked: tar ended with code ${code}`);
    return sha256;
  } catch (error) {
    const { syscall } = error as NodeJS.ErrnoException;
    if (syscall === 'spawn tar') throw new CannotFetch('the archive could not be unpacked: there is no program `tar` on the PATH');
    throw error;
  }
}
