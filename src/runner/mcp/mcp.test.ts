import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type McpHttpServer, startMcpHttpServer } from '../../../test/support/mcp/http-server.js';
import { until } from '../../../test/support/rpc.js';
import { LineBuffer } from './line-buffer.js';
import { McpConnection, type McpLimits } from './mcp-connection.js';
import type { McpDefinition } from './mcp-definition.js';
import { mcpTools } from './mcp-tools.js';
import { resolvePlaceholders } from './placeholders.js';

const program = resolve(import.meta.dirname, '..', '..', '..', 'test', 'support', 'mcp', 'stdio-server.mjs');

let folder: string;
let run: AbortController;
let http: McpHttpServer;
const connections: McpConnection[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stigmer-mcp-'));
  run = new AbortController();
  http = await startMcpHttpServer();
});
afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.close();
  await http.close();
  await rm(folder, { recursive: true, force: true });
});

const stdio = (env: Record<string, string> = {}, args: string[] = []): McpDefinition => ({
  name: 'repo',
  enabledTools: [],
  reach: { type: 'stdio', command: process.execPath, args: [program, ...args], env, workingDir: '' },
});
const programAt = (command: string): McpDefinition => ({ name: 'repo', enabledTools: [], reach: { type: 'stdio', command, args: [], env: {}, workingDir: '' } });
const overHttp = (headers: Record<string, string> = {}): McpDefinition => ({ name: 'repo', enabledTools: [], reach: { type: 'http', url: `${http.url}?x=1`, headers, timeoutMs: undefined } });

async function open(definition: McpDefinition, limits: Partial<McpLimits> = {}): Promise<McpConnection> {
  const connection = await McpConnection.open({ definition, signal: run.signal, folder, path: '/usr/bin:/bin', version: '0.1.0', limits });
  connections.push(connection);
  return connection;
}

const textOf = ({ content }: { content: { type: string }[] }) => (content[0] as { text?: string }).text;

describe.each([
  ['stdio', () => stdio()],
  ['http', () => overHttp({ authorization: 'Bearer abc' })],
])('an MCP server over %s', (_type, definition) => {
  it('lists its tools and answers calls', async () => {
    const connection = await open(definition());
    expect(connection.tools.map(({ name }) => name)).toContain('git_log');
    expect(textOf(await connection.call('git_log', { since: 'v1.3' }))).toBe('commits since v1.3');
    expect(await connection.call('fail', {})).toMatchObject({ isError: true });
  });

  it('that never answers fails the call alone', async () => {
    const connection = await open(definition(), { callMs: 300 });
    await expect(connection.call('hang', {})).rejects.toThrow(/^The MCP server repo has not answered hang: .*timed out/i);
    expect(textOf(await connection.call('git_log', { since: 'x' }))).toBe('commits since x');
  });

  it('that answers with 100 MB fails the call alone', async () => {
    const connection = await open(definition());
    await expect(connection.call('flood', {})).rejects.toThrow(/says more than 8388608 bytes in one (message|answer)/);
    expect(textOf(await connection.call('git_log', { since: 'x' }))).toBe('commits since x');
  });

  it('is cut off when the run ends', async () => {
    const connection = await open(definition());
    const call = connection.call('hang', {});
    run.abort(new Error('the run is over'));
    await expect(call).rejects.toThrow('the run is over');
  });
});

describe('an MCP server that is a program', () => {
  it('has an environment that is built from nothing, and its own variables', async () => {
    process.env['A_SECRET_OF_THE_RUNNER'] = 'leaked';
    const connection = await open(stdio({ GITHUB_TOKEN: 'given' }));
    const env = JSON.parse(textOf(await connection.call('show_env', {})) ?? '') as Record<string, string>;
    delete process.env['A_SECRET_OF_THE_RUNNER'];
    expect(env).toEqual({ PATH: '/usr/bin:/bin', HOME: folder, LANG: 'C.UTF-8', GITHUB_TOKEN: 'given' });
  });

  it.each([
    ['dies', 'die', /it ended by itself \(exit code 7\)/],
    ['says what is no JSON', 'garbage', /JSON/],
  ])('that %s fails the call, and is started anew for the next', async (_what, tool, reason) => {
    const connection = await open(stdio());
    await expect(connection.call(tool, {})).rejects.toThrow(reason);
    expect(textOf(await connection.call('git_log', { since: 'x' }))).toBe('commits since x');
  });

  it('does not outlive its connection', async () => {
    const connection = await open(stdio({ MARK: 'me' }));
    const { processesMarked } = await import('../workspace/marked-processes.js');
    expect(processesMarked('MARK=me')).toHaveLength(1);
    await connection.close();
    await until(() => processesMarked('MARK=me').length === 0);
  });

  it.each([
    ['is not there', programAt('/no/such/program'), /The MCP server repo \(the program \/no\/such\/program\) cannot be used: .*ENOENT/],
    ['says nothing', stdio({}, ['mute']), /cannot be used: .*timed out/i],
    ['ends at once', programAt('/bin/false'), /cannot be used: it ended by itself \(exit code 1\)/],
  ])('that %s is told in a sentence', async (_what, definition, message) => {
    await expect(open(definition, { connectMs: 700 })).rejects.toThrow(message);
  });
});

describe('an MCP server over HTTP', () => {
  it('gets its headers and its query', async () => {
    await open(overHttp({ authorization: 'Bearer abc' }));
    expect(http.requests.every(({ authorization, query }) => authorization === 'Bearer abc' && query === '?x=1')).toBe(true);
  });

  it('that is not there is told in a sentence, without what its address may hold', async () => {
    const definition: McpDefinition = { name: 'repo', enabledTools: [], reach: { type: 'http', url: 'http://127.0.0.1:1/mcp?token=secret', headers: {}, timeoutMs: undefined } };
    await expect(open(definition)).rejects.toThrow(/^The MCP server repo \(http:\/\/127\.0\.0\.1:1\) cannot be used: /);
    await expect(open(definition)).rejects.not.toThrow(/secret/);
  });
});

describe('mcpTools', () => {
  it('gives every tool a name of its own that providers take', async () => {
    const [repo, other] = [await open(stdio()), await open({ ...stdio(), name: 'other' })];
    const names = (tools: ReturnType<typeof mcpTools>, server: string) => tools.get(server)?.map(({ tool }) => tool.name);
    const one = mcpTools([{ connection: repo, enabledTools: ['git_log', 'read_file', 'dotted.name'] }]);
    expect(names(one, 'repo')).toEqual(['git_log', 'repo_read_file', 'dotted_name']);
    const two = mcpTools([
      { connection: repo, enabledTools: ['git_log', 'picture'] },
      { connection: other, enabledTools: ['git_log'] },
    ]);
    expect([names(two, 'repo'), names(two, 'other')]).toEqual([['repo_git_log', 'picture'], ['other_git_log']]);
    expect(await two.get('other')?.[0]?.tool.invoke({ since: 'y' })).toBe('commits since y');
    expect(await two.get('repo')?.[1]?.tool.invoke({})).toBe('[image image/png]');
  });

  it('says which tool is missing', async () => {
    const connection = await open(stdio());
    expect(() => mcpTools([{ connection, enabledTools: ['git_log', 'git_push'] }])).toThrow(/^The MCP server repo has no tool git_push; it has git_log, /);
  });
});

describe('resolvePlaceholders', () => {
  it('fills in variables, and names those that are missing', () => {
    expect(resolvePlaceholders('x', { A: 'Bearer ${TOKEN}', B: '$NOT ${x', C: '${TOKEN}${TOKEN}' }, { TOKEN: 't$&' })).toEqual({ A: 'Bearer t$&', B: '$NOT ${x', C: 't$&t$&' });
    expect(() => resolvePlaceholders('The MCP server repo', { A: '${ONE}${TWO}', B: '${ONE}' }, {})).toThrow(/^The MCP server repo wants \$\{ONE\}, \$\{TWO\}, and the run has no such variable/);
  });
});

describe('LineBuffer', () => {
  it('cuts lines wherever chunks end', () => {
    const lines = new LineBuffer(100);
    const given = ['a', 'b\nc\n\nd', '\n', 'ü'].flatMap((text) => lines.push(Buffer.from(text)));
    expect(given).toEqual(['ab', 'c', '', 'd']);
    expect(() => lines.push(Buffer.alloc(100, 'x'))).toThrow('it says more than 100 bytes in one message');
  });
});
