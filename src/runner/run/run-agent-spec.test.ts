import { create } from '@bufbuild/protobuf';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startMcpHttpServer } from '../../../test/support/mcp/http-server.js';
import { until } from '../../../test/support/rpc.js';
import { type RunnerWorld, spoken, startRunnerWorld, type WorldOptions } from '../../../test/support/runner-world.js';
import { zip } from '../../../test/support/zip.js';
import { AgentSchema } from '../../contract/gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import { SubAgentStatus, ToolCallStatus } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { McpServerSchema } from '../../contract/gen/ai/stigmer/agentic/mcpserver/v1/api_pb.js';
import { SkillSchema } from '../../contract/gen/ai/stigmer/agentic/skill/v1/api_pb.js';
import { Phase } from '../../contract/phases.js';
import { processesMarked } from '../workspace/marked-processes.js';
import { runCancelled } from './run-stop.js';

const mcpProgram = join(import.meta.dirname, '..', '..', '..', 'test', 'support', 'mcp', 'stdio-server.mjs');

let world: RunnerWorld;
afterEach(() => world.close());

async function start(options: WorldOptions): Promise<void> {
  world = await startRunnerWorld(options);
}

describe('an agent', () => {
  const hash = 'a'.repeat(64);
  const skill = (over: object = {}) =>
    create(SkillSchema, { metadata: { name: 'Changelog' }, spec: { skillMd: 'Sort by date.' }, status: { versionHash: hash, artifactStorageKey: `skills/${hash}.zip` }, ...over });
  const agent = (spec: object) =>
    world.peer.agents.set('agt-1', create(AgentSchema, { metadata: { id: 'agt-1' }, spec: { instructions: 'You are a test agent.', ...spec } }));

  it('has the text of its skills in its prompt, and their files where the prompt says', async () => {
    await start({
      script: {
        rules: [
          { when: { after_tool: false }, call: { tool: 'read_file', args: { file_path: `/bin/skills/${hash}/reference.md` } } },
          { when: { after_tool: 'read_file' }, call: { tool: 'write_file', args: { file_path: `/bin/skills/${hash}/reference.md`, content: 'x' } } },
          { say: '{{tool_result}}' },
        ],
      },
    });
    agent({ skillRefs: [{ slug: 'changelog', kind: 43 }] });
    world.peer.skills.set('changelog', { skill: skill(), artifact: zip([{ name: 'SKILL.md', content: 'Sort by date.' }, { name: 'reference.md', content: 'the reference' }]) });
    const run = world.start();
    await run.done;
    expect(world.bodies()[0]).toContain(`## Skill: Changelog\\n\\nLOCATION: /bin/skills/${hash}/\\n\\nSort by date.`);
    expect(run.server.status.toolCalls).toMatchObject([{ result: expect.stringContaining('the reference') }, { status: ToolCallStatus.TOOL_CALL_FAILED, error: expect.stringContaining('cannot be changed') }]);
  });

  it('may run commands only where that is allowed, with the variables of the run and the files of its skills', async () => {
    const script = {
      rules: [
        { when: { after_tool: false }, call: { tool: 'execute', args: { command: `cat bin/skills/${hash}/reference.md; echo "$PASSWORD" | tr a-z A-Z; pwd` } } },
        { say: '{{tool_result}}' },
      ],
    };
    await start({ script });
    const without = world.start();
    await without.done;
    expect(without.server.status.toolCalls).toMatchObject([{ name: 'execute', status: ToolCallStatus.TOOL_CALL_FAILED, error: expect.stringContaining('Execution not available') }]);
    expect(world.bodies()[0]).not.toContain('Commands run');
    await world.close();

    await start({ script, hostTools: true });
    agent({ skillRefs: [{ slug: 'changelog', kind: 43 }] });
    world.peer.skills.set('changelog', { skill: skill(), artifact: zip([{ name: 'SKILL.md', content: 'x' }, { name: 'reference.md', content: 'the reference\n' }]) });
    world.peer.secrets = { runtimeEnv: { PASSWORD: 'hunter22' }, secretNames: ['PASSWORD'] };
    const run = world.start({ spec: { runtimeEnv: { PASSWORD: { value: '***', isSecret: true } } } });
    await run.done;
    expect(run.server.status.toolCalls).toMatchObject([{ status: ToolCallStatus.TOOL_CALL_COMPLETED, result: expect.stringMatching(/^the reference\nHUNTER22\n.*ses-1\n/) }]);
    expect(run.server.status.toolCalls[0]?.componentMetadata?.componentType).toBe('terminal');
    // A second run of the session finds its skills as well.
    await world.start({ spec: { runtimeEnv: {} } }).done;
  });

  it('ends its commands when it is cancelled', async () => {
    await start({ hostTools: true, script: { rules: [{ when: { after_tool: false }, call: { tool: 'execute', args: { command: 'echo $$ > pid; sleep 60' } } }, { say: 'x' }] } });
    const run = world.start();
    let pid = 0;
    await until(async () => (pid = Number(await readFile(join(world.workspace, 'ses-1', 'pid'), 'utf8').catch(() => '0'))) > 0);
    run.abort(runCancelled(''));
    expect(await run.done).toMatchObject({ phase: Phase.CANCELLED });
    await until(() => {
      try {
        return !process.kill(pid, 0);
      } catch {
        return true;
      }
    });
  });

  const repo = (over: object = {}) => ({ name: 'repo', serverType: { case: 'stdio', value: { command: process.execPath, args: [mcpProgram], ...over } } });

  it('calls the tools of its MCP servers, and gives its sub-agents those that they may have', async () => {
    await start({
      hostTools: true,
      script: {
        rules: [
          { when: { system: 'You review', after_tool: false }, call: { tool: 'fail' } },
          { when: { system: 'You review' }, say: 'Seen: {{tool_result}}' },
          { when: { after_tool: false }, call: [{ tool: 'git_log', args: { since: 'v1.3' } }, { tool: 'show_env' }, { tool: 'task', args: { subagent_type: 'reviewer', description: 'x' } }] },
          { say: '{{tool_result}}' },
        ],
      },
    });
    agent({
      mcpServers: [{ ...repo({ envPlaceholders: { TOKEN: 'is ${GITHUB_TOKEN}' } }), enabledTools: ['git_log', 'show_env', 'fail'] }],
      subAgents: [{ name: 'reviewer', description: 'r', instructions: 'You review code.', mcpServers: ['repo'], mcpToolSelections: { repo: { enabledTools: ['fail'] } } }],
    });
    world.peer.secrets = { runtimeEnv: { GITHUB_TOKEN: 'hunter22' }, secretNames: ['GITHUB_TOKEN'] };
    const run = world.start({ spec: { runtimeEnv: { GITHUB_TOKEN: { value: '***', isSecret: true } } } });
    await run.done;
    const byName = Object.fromEntries(run.server.status.toolCalls.map((call) => [call.name, call]));
    expect(byName).toMatchObject({
      git_log: { status: ToolCallStatus.TOOL_CALL_COMPLETED, result: 'commits since v1.3' },
      show_env: { result: expect.stringContaining('"TOKEN":"is ***"') },
      fail: { status: ToolCallStatus.TOOL_CALL_FAILED, error: 'Error of fail: it is broken' },
    });
    const tools = world.model.requests.map(({ body }) => (body as { tools: { function: { name: string } }[] }).tools.map((tool) => tool.function.name));
    expect(tools[0]).toEqual(expect.arrayContaining(['git_log', 'show_env', 'fail', 'task']));
    const ofReviewer = tools.find((names) => !names.includes('task')) ?? [];
    expect(ofReviewer).toContain('fail');
    expect(ofReviewer).not.toContain('git_log');
  });

  it('takes MCP servers by name, and over HTTP where programs are not allowed', async () => {
    await start({ script: { rules: [{ when: { after_tool: false }, call: { tool: 'git_log', args: { since: 'v2' } } }, { say: '{{tool_result}}' }] } });
    const server = await startMcpHttpServer();
    agent({ mcpServers: [{ name: 'repo' }] });
    const http = { case: 'http', value: { url: server.url, headers: { authorization: 'Bearer ${TOKEN}' }, queryParams: { project: 'x' } } } as const;
    world.peer.mcpServers.set('repo', create(McpServerSchema, { spec: { serverType: http, defaultEnabledTools: ['git_log'] } }));
    const run = world.start({ spec: { runtimeEnv: { TOKEN: { value: 'abc' } } } });
    world.peer.secrets = { runtimeEnv: { TOKEN: 'abc' }, secretNames: [] };
    await run.done;
    await server.close();
    expect(spoken(run)).toEqual(['commits since v2']);
    expect(server.requests[0]).toEqual({ authorization: 'Bearer abc', query: '?project=x' });
  });

  it.each([
    ['is a program, where none is allowed', { mcpServers: [repo()] }, /^The MCP server repo is a program \(.+\), and this runner runs none with the rights of its host: start it in a container, or with --host-tools/],
    ['wants a variable that is not there', { mcpServers: [repo({ envPlaceholders: { A: '${MISSING}' } })] }, /^The MCP server repo wants \$\{MISSING\}/],
    ['is not known', { mcpServers: [{ name: 'other' }] }, /^The MCP server other does not say how it is reached, and there is no McpServer of that name\.$/],
    ['runs in a container', { mcpServers: [{ name: 'box', serverType: { case: 'docker', value: { image: 'x' } } }] }, /^The MCP server box runs in a container, which this runner cannot start/],
  ])('fails with a sentence when an MCP server %s', async (_what, spec, sentence) => {
    await start({ script: { rules: [{ say: 'x' }] } });
    agent(spec);
    expect(await world.start().done).toMatchObject({ phase: Phase.FAILED, error: expect.stringMatching(sentence) });
  });

  it('lets go of its MCP servers when something else is wrong', async () => {
    await start({ hostTools: true, script: { rules: [{ say: 'x' }] } });
    agent({ mcpServers: [repo({ envPlaceholders: { MARK: 'let-go' } })], subAgents: [{ name: 'r', description: '', instructions: 'You review code.', mcpServers: ['other'] }] });
    expect((await world.start().done).error).toBe('The sub-agent r wants the MCP server other, which its agent does not have.');
    await until(() => processesMarked('MARK=let-go').length === 0);
  });

  const schema = JSON.stringify({ type: 'object', properties: { verdict: { enum: ['yes', 'no'] } }, required: ['verdict'] });

  it('is asked again for an answer that does not fit its output schema', async () => {
    await start({ script: { rules: [{ when: { message: 'does not fit' }, say: '```json\n{"verdict":"yes"}\n```' }, { say: 'Perhaps.' }] } });
    const run = world.start({ annotations: { 'stigmer.ai/output-schema': schema } });
    expect(await run.done).toMatchObject({ phase: Phase.COMPLETED, messages: [{ content: '{"verdict":"yes"}' }] });
    expect(run.server.status.messages.map(({ content }) => content)).toEqual(['Hello', 'Perhaps.', expect.stringMatching(/^Your answer does not fit the output schema: it is no JSON/), '{"verdict":"yes"}']);
    expect(world.bodies()[0]).toContain('Your last message is read by a program.');
  });

  it('fails when its answer never fits', async () => {
    await start({ script: { rules: [{ say: '{"verdict":"perhaps"}' }] } });
    agent({});
    const run = world.start({ annotations: { 'stigmer.ai/output-schema': schema } });
    expect((await run.done).error).toMatch(/^The agent's answer does not fit its output schema: .*#\/verdict: /);
    expect(world.model.requests).toHaveLength(3);
  });

  it('says which skill is missing', async () => {
    await start({ script: { rules: [{ say: 'x' }] } });
    agent({ skillRefs: [{ slug: 'changelog', kind: 43, version: 'stable' }] });
    expect((await world.start().done).error).toBe("The agent's skill changelog@stable does not exist: Skill not found: changelog");
  });

  it('hands tasks to its sub-agents, which have their own prompt, skills and tool calls', async () => {
    await start({
      script: {
        rules: [
          { when: { system: 'You review', after_tool: false }, say: 'I look.', call: { tool: 'ls', args: { path: '/' } } },
          { when: { system: 'You review' }, say: 'It is fine.' },
          { when: { after_tool: false }, say: 'I ask.', call: { tool: 'task', args: { subagent_type: 'reviewer', description: 'Review it.' } } },
          { say: 'The reviewer says: {{tool_result}}' },
        ],
      },
    });
    agent({ subAgents: [{ name: 'reviewer', description: 'Reviews code.', instructions: 'You review code.', skillRefs: [{ slug: 'changelog', kind: 43 }] }] });
    world.peer.skills.set('changelog', { skill: skill({ status: {} }) });
    const run = world.start();
    await run.done;
    expect(spoken(run)).toEqual(['I ask.', 'The reviewer says: It is fine.']);
    expect(run.server.status.subAgentExecutions).toMatchObject([{ name: 'reviewer', input: 'Review it.', output: 'It is fine.', status: SubAgentStatus.SUB_AGENT_COMPLETED }]);
    expect(run.server.status.toolCalls.map(({ name, componentMetadata }) => [name, componentMetadata?.componentGroup])).toEqual([
      ['task', 'main-agent-tools'],
      ['ls', 'sub-agent-tools'],
    ]);
    const [first = '', second = ''] = world.bodies();
    expect(first).toContain('Reviews code.');
    expect(first).not.toContain('Sort by date.');
    expect(second).toMatch(/You review code\..+Sort by date\./);
    expect(run.server.projection.state.usage?.modelCalls).toBe(4);
  });

  it('goes on when a sub-agent fails', async () => {
    await start({
      script: {
        rules: [
          { when: { system: 'You review' }, error: { status: 400, message: 'not today' } },
          { when: { after_tool: false }, call: { tool: 'task', args: { subagent_type: 'reviewer', description: 'Review it.' } } },
          { say: 'Never mind.' },
        ],
      },
    });
    agent({ subAgents: [{ name: 'reviewer', description: '', instructions: 'You review code.' }] });
    const run = world.start();
    await run.done;
    expect(spoken(run)).toEqual(['Never mind.']);
    expect(run.server.status.subAgentExecutions).toMatchObject([{ status: SubAgentStatus.SUB_AGENT_FAILED, error: expect.stringContaining('not today') }]);
  });
});
