import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../contract/clock.js';
import { installFolder } from './installed.js';
import { officialDownload } from './official-download.js';
import { TEMPORAL_VERSION } from './pins.js';
import type { FindContext, TemporalBinary, Way } from './way.js';

const PROGRAM = `program ${'x'.repeat(3_000_000)}`;

let folder: string;
let context: FindContext;
let archive: Buffer;
let progress: string[];
let requests: string[];
let server: Server;
let answer: (response: ServerResponse, url: string) => void;

async function tarOf(name: string): Promise<Buffer> {
  await mkdir(join(folder, 'source'), { recursive: true });
  await writeFile(join(folder, 'source', name), PROGRAM);
  await writeFile(join(folder, 'source', 'LICENSE'), 'free');
  await promisify(execFile)('tar', ['-czf', join(folder, 'made.tar.gz'), '-C', join(folder, 'source'), 'LICENSE', name]);
  return readFile(join(folder, 'made.tar.gz'));
}

function way(sha256 = createHash('sha256').update(archive).digest('hex')): Way {
  const { port } = server.address() as AddressInfo;
  return officialDownload({ baseUrl: `http://127.0.0.1:${port}/cli/archive`, pins: { 'linux-x64': { platform: 'linux', arch: 'amd64', sha256 } } });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stigmer-download-'));
  progress = [];
  requests = [];
  context = {
    stateDir: join(folder, 'state'),
    env: { PATH: process.env['PATH'] },
    platform: 'linux-x64',
    progress: (text) => progress.push(text),
    clock: systemClock,
  };
  archive = await tarOf('temporal');
  answer = (response) => response.setHeader('content-length', archive.length).end(archive);
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    answer(response, request.url ?? '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

describe('officialDownload', () => {
  it('downloads, verifies and unpacks the program', async () => {
    const found = (await way().find(context)) as TemporalBinary;
    expect(found.version).toBe(TEMPORAL_VERSION);
    expect(await readFile(found.path, 'utf8')).toBe(PROGRAM);
    expect(requests).toEqual([`/cli/archive/v${TEMPORAL_VERSION}?platform=linux&arch=amd64`]);
    expect(progress.at(-1)).toBe(`unpacking Temporal ${TEMPORAL_VERSION}`);
    expect(progress[0]).toMatch(new RegExp(`^downloading Temporal ${TEMPORAL_VERSION} … 0 of \\d+ MB$`));
    expect((await readdir(installFolder(context.stateDir))).toSorted()).toEqual(['temporal', 'temporal.json']);
  });

  it('follows a redirect', async () => {
    answer = (response, url) => {
      if (url.startsWith('/cli')) response.writeHead(302, { location: '/elsewhere.tar.gz' }).end();
      else response.end(archive);
    };
    expect(await way().find(context)).toMatchObject({ version: TEMPORAL_VERSION });
  });

  it('installs nothing of an archive with another hash', async () => {
    expect(await way('0'.repeat(64)).find(context)).toEqual({ skipped: expect.stringMatching(/has SHA-256 [0-9a-f]{64}, expected 0{64}$/) });
    expect(await readdir(installFolder(context.stateDir))).toEqual([]);
  });

  it('is skipped on a platform whose hash is not known, without a request', async () => {
    expect(await way().find({ ...context, platform: 'sunos-x64' })).toEqual({ skipped: 'no SHA-256 is known for sunos-x64' });
    expect(requests).toEqual([]);
  });

  it('says which address answered with what', async () => {
    answer = (response) => response.writeHead(403).end();
    expect(await way().find(context)).toEqual({ skipped: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/cli\/archive\/.* answers with HTTP status 403$/) });
  });

  it('says so when the connection breaks off or is refused', async () => {
    answer = (response) => {
      response.setHeader('content-length', archive.length).write(archive.subarray(0, 1_000));
      setImmediate(() => response.destroy());
    };
    expect(await way().find(context)).toEqual({ skipped: expect.stringContaining('127.0.0.1') });
    const late = way();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    expect(await late.find(context)).toEqual({ skipped: expect.stringContaining('ECONNREFUSED') });
  });

  it('says so when the archive does not hold the program', async () => {
    archive = await tarOf('other');
    expect(await way().find(context)).toEqual({ skipped: expect.stringContaining('could not be unpacked') });
  });

  it('ends with an abort', async () => {
    const giveUp = new AbortController();
    answer = () => giveUp.abort();
    await expect(way().find({ ...context, signal: giveUp.signal })).rejects.toThrow('abort');
  });
});
