import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeAt, prepareHome, tokenPath } from './home.js';
import { createTokens } from './tokens.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'stigmer-home-'));
});
afterEach(() => rm(root, { recursive: true }));

const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe('a home', () => {
  it('has folders that only the user may enter', async () => {
    const home = homeAt(root);
    await prepareHome(home);
    for (const folder of [home.state, home.tokens, home.logs, home.processes, home.workspaces]) expect(await mode(folder)).toBe(0o700);
  });

  it('is closed to others when it was open to them', async () => {
    const home = homeAt(root);
    await mkdir(home.state, { recursive: true });
    await chmod(home.state, 0o755);
    await prepareHome(home);
    expect(await mode(home.state)).toBe(0o700);
  });

  it('says what to do when its folders cannot be made', async () => {
    await writeFile(join(root, 'state'), '');
    await expect(prepareHome(homeAt(root))).rejects.toThrow(/state.* cannot be made .*STIGMER_HOME/);
  });

  it('has a socket whose path is not too long, wherever it is, and another one for each home', () => {
    const deep = (name: string): string => homeAt(join('/', 'a'.repeat(90), name)).socket;
    expect(homeAt('/home/me/.stigmer').socket).toBe('/home/me/.stigmer/state/control.sock');
    expect(deep('one').length).toBeLessThan(100);
    expect(deep('one')).not.toBe(deep('two'));
  });
});

describe('tokens', () => {
  it('are 32 random bytes in hexadecimal, for the user alone, and stay what they are', async () => {
    const home = homeAt(root);
    await prepareHome(home);
    await createTokens(home, ['user', 'agent-runner-1']);
    const read = () => Promise.all(['user', 'agent-runner-1'].map((holder) => readFile(tokenPath(home, holder), 'utf8')));
    const tokens = await read();
    for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{64}\n$/);
    expect(new Set(tokens).size).toBe(2);
    expect(await mode(tokenPath(home, 'user'))).toBe(0o600);
    await createTokens(home, ['user', 'agent-runner-1']);
    expect(await read()).toEqual(tokens);
  });
});
