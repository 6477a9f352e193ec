import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl';
import { invalidArgument, StigmerError } from '../../../contract/errors.js';

/** What an archive may be. Sizes in bytes; the packed size is bounded by the size of a message. The figures are the original's. */
export const ARCHIVE_LIMITS = {
  entries: 10_000,
  inflated: 500 * 1024 * 1024,
  skillMd: 1024 * 1024,
  /** Inflated over packed size of one file. */
  ratio: 100,
} as const;

/** The file that every skill has at the root of its archive. */
const SKILL_MD = 'SKILL.md';

export interface SkillArchive {
  /** Content of SKILL.md. */
  readonly skillMd: string;
  /** SHA-256 of the archive's bytes in lower-case hex: the version's identity. */
  readonly hash: string;
}

/**
 * Reads a skill's ZIP through, all of it. INVALID_ARGUMENT when it is no ZIP or damaged, when it holds links, encrypted files, names that
 * lead out of its folder or names twice, when it breaks a limit, and when SKILL.md is missing, empty or not UTF-8.
 */
export async function readSkillArchive(bytes: Uint8Array): Promise<SkillArchive> {
  const skillMd = await readEntries(bytes).catch((error: unknown) => {
    if (error instanceof StigmerError) throw error;
    throw refused(error instanceof Error ? error.message : String(error));
  });
  if (skillMd === undefined) throw refused(`there is no ${SKILL_MD} at the root of the archive`);
  if (skillMd.trim() === '') throw refused(`${SKILL_MD} is empty`);
  return { skillMd, hash: createHash('sha256').update(bytes).digest('hex') };
}

async function readEntries(bytes: Uint8Array): Promise<string | undefined> {
  const zip = await fromBufferPromise(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), { strictFileNames: true });
  if (zip.entryCount > ARCHIVE_LIMITS.entries) throw tooMuch('entries', ARCHIVE_LIMITS.entries, zip.entryCount);
  const names = new Set<string>();
  let [inflated, skillMd]: [number, string | undefined] = [0, undefined];
  for await (const entry of zip.eachEntry()) {
    assertHarmless(entry, names);
    const budget = ARCHIVE_LIMITS.inflated - inflated;
    if (entry.uncompressedSize > budget) throw tooMuch('bytes unpacked', ARCHIVE_LIMITS.inflated, inflated + entry.uncompressedSize);
    inflated += entry.uncompressedSize;
    const content = await readEntry(zip, entry, entry.fileName === SKILL_MD);
    if (content !== undefined) skillMd = new TextDecoder('utf-8', { fatal: true }).decode(content);
  }
  return skillMd;
}

function assertHarmless(entry: Entry, names: Set<string>): void {
  const { fileName: name, uncompressedSize, compressedSize } = entry;
  const shown = JSON.stringify(name);
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name)) throw refused(`the name ${shown} has control characters`);
  if (names.has(name)) throw refused(`the name ${shown} stands in the archive twice`);
  names.add(name);
  if (entry.isEncrypted()) throw refused(`${shown} is encrypted`);
  if (isLink(entry)) throw refused(`${shown} is a link`);
  if (uncompressedSize > compressedSize * ARCHIVE_LIMITS.ratio) {
    throw refused(`${shown} unpacks to ${uncompressedSize} bytes from ${compressedSize}, more than ${ARCHIVE_LIMITS.ratio} to 1`);
  }
  if (name === SKILL_MD && uncompressedSize > ARCHIVE_LIMITS.skillMd)
    throw tooMuch(`bytes in ${SKILL_MD}`, ARCHIVE_LIMITS.skillMd, uncompressedSize);
}

/** Unix keeps the file's type in the upper half of the attributes. */
function isLink({ externalFileAttributes }: Entry): boolean {
  return ((externalFileAttributes >>> 16) & 0o170000) === 0o120000;
}

/** Inflates one file, which proves that its size is what the archive says and its content undamaged. The content is given when wanted. */
async function readEntry(zip: ZipFile, entry: Entry, wanted: boolean): Promise<Buffer | undefined> {
  const stream = await zip.openReadStreamPromise(entry);
  const chunks: Buffer[] = [];
  let checksum = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    checksum = crc32(chunk, checksum);
    if (wanted) chunks.push(chunk);
  }
  if (checksum !== entry.crc32) throw refused(`${JSON.stringify(entry.fileName)} is damaged`);
  return wanted ? Buffer.concat(chunks) : undefined;
}

function tooMuch(what: string, limit: number, actual: number): StigmerError {
  return refused(`it has ${actual} ${what}, the limit is ${limit}`);
}

function refused(why: string): StigmerError {
  return invalidArgument('artifact', `failed to extract ${SKILL_MD}: ${why}`);
}
