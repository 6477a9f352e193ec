import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EngineAnswer, fakeEngine } from '../../../test/support/fake-engine.js';
import { homeAt } from '../home.js';
import { type RunnersPlace, type RunnersPlaceOptions, findRunnersPlace } from './runner-place.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stigmer-engine-'));
});
afterEach(() => rm(folder, { recursive: true }));

const docker: EngineAnswer = { when: ['info'], out: JSON.stringify({ ServerVersion: '27.0', OperatingSystem: 'Debian' }) };
const desktop: EngineAnswer = { when: ['info'], out: JSON.stringify({ ServerVersion: '27.0', OperatingSystem: 'Docker Desktop' }) };
const podman: EngineAnswer = { when: ['info'], out: JSON.stringify({ version: { Version: '5.1' }, host: { security: { rootless: false } } }) };
const image: EngineAnswer = { when: ['images'], out: 'c0ffee' };
const dockerNetwork: EngineAnswer = { when: ['network', 'inspect'], out: JSON.stringify([{ IPAM: { Config: [{ Gateway: 'fd00::1' }, { Gateway: '172.30.0.1' }] } }]) };
const podmanNetwork: EngineAnswer = { when: ['network', 'inspect'], out: JSON.stringify([{ subnets: [{ gateway: '10.89.0.1' }] }]) };

async function place(answers: readonly EngineAnswer[], options: Partial<RunnersPlaceOptions> = {}): Promise<RunnersPlace & { commands: string[][] }> {
  const fake = await fakeEngine(folder, answers);
  const found = await findRunnersPlace({
    home: homeAt('/home/me/other'),
    mode: 'auto',
    configuredEngine: fake.file,
    configuredImage: undefined,
    version: '1.2.3',
    env: {},
    ...options,
  });
  return { ...found, commands: await fake.commands() };
}

describe('agent-runners run', () => {
  it('in containers where Docker answers and has the image, on a network of our own', async () => {
    const found = await place([docker, image, dockerNetwork]);
    expect(found).toMatchObject({
      kind: 'container',
      why: 'container of Docker 27.0',
      image: 'stigmer/agent-runner:1.2.3',
      network: { kind: 'bridge', gateway: '172.30.0.1' },
      bridge: { name: expect.stringMatching(/^stigmer-[0-9a-f]{8}$/) as string },
    });
    expect(found.commands).toContainEqual(['network', 'create', '--label', 'ai.stigmer.home=/home/me/other', expect.any(String)]);
  });

  it('in containers of Podman, which tells its gateway in other words', async () => {
    expect(await place([podman, image, podmanNetwork])).toMatchObject({ why: 'container of Podman 5.1', network: { kind: 'bridge', gateway: '10.89.0.1' } });
  });

  it('in containers of Docker Desktop, which needs no network of ours', async () => {
    const found = await place([desktop, image]);
    expect(found).toMatchObject({ kind: 'container', network: { kind: 'docker-desktop' } });
    expect(found.commands.map(([command]) => command)).not.toContain('network');
  });

  it('on a network that is there already', async () => {
    const name = /^stigmer-/.exec(((await place([docker, image, dockerNetwork])) as { bridge: { name: string } }).bridge.name)!.input;
    const again = await place([docker, image, { when: ['network', 'ls'], out: name }, dockerNetwork]);
    expect(again.commands.filter(([, verb]) => verb === 'create')).toHaveLength(1);
  });

  it.each([
    ['no engine is there', [], { configuredEngine: '/nowhere/docker' }, /^a process: no container engine answers \(there is no program \/nowhere\/docker\)$/],
    ['the engine does not answer', [{ when: ['info'], err: 'Cannot connect to the Docker daemon', code: 1 }], {}, /Cannot connect to the Docker daemon/],
    ['only its client answers', [{ when: ['info'], out: JSON.stringify({ ServerErrors: ['daemon is down'] }) }], {}, /daemon is down/],
    ['it is rootless', [{ when: ['info'], out: JSON.stringify({ ServerVersion: '27.0', SecurityOptions: ['name=rootless'] }) }], {}, /rootless/],
    ['the image is not there', [docker], {}, /^a process: Docker 27\.0 has no image stigmer\/agent-runner:1\.2\.3; `npm run images`/],
  ])('as processes where %s, which status says', async (_case, answers, options, why) => {
    const found = await place(answers, options);
    expect(found).toMatchObject({ kind: 'process', why: expect.stringMatching(why) as string });
    expect(found.commands.flat()).not.toContain('pull');
  });

  it('in containers or not at all where that is asked for', async () => {
    await expect(place([docker], { mode: 'container' })).rejects.toThrow(/agent-runners cannot run in containers: Docker 27\.0 has no image/);
  });

  it('as processes where that is asked for, and no engine is looked for', async () => {
    const found = await place([docker, image], { mode: 'process' });
    expect(found).toMatchObject({ kind: 'process' });
    expect(found.commands).toEqual([]);
  });
});
