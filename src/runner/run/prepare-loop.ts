import type { JsonValue } from '@bufbuild/protobuf';
import { CompositeBackend } from 'deepagents';
import type { RpcClient } from '../../client/rpc-client.js';
import type { Clock } from '../../contract/clock.js';
import { isoNow } from '../../contract/timestamps.js';
import type { Logger } from '../log.js';
import { deepAgentLoop, type SubAgentOptions } from '../loop/deep-agent.js';
import { ThreadMemory } from '../memory/thread-memory.js';
import type { ThreadStore } from '../memory/thread-store.js';
import { chooseModel } from '../model/choose-model.js';
import type { ModelLimits } from '../model/model-fetch.js';
import type { ModelSettings } from '../model/model-settings.js';
import { SessionFiles } from '../workspace/session-files.js';
import { sessionFolder } from '../workspace/session-folder.js';
import { SessionShell } from '../workspace/session-shell.js';
import { failureSentence } from './failure-sentence.js';
import { loopLimits } from './loop-limits.js';
import type { LoadedSkill } from './load-skills.js';
import { modelNotices, severity } from './model-notices.js';
import { checkOutput, outputPrompt, outputSchemaOf } from './output-schema.js';
import { prepareMcp, type PreparedMcp } from './prepare-mcp.js';
import { prepareSkills } from './prepare-skills.js';
import { systemPrompt } from './prompt.js';
import type { LoopRequest, PreparedLoop } from './run.js';

/** What the loops of all runs are made of. */
export interface LoopParts {
  readonly client: RpcClient;
  /** Of this program. */
  readonly version: string;
  readonly settings: ModelSettings;
  readonly modelLimits?: Partial<ModelLimits>;
  /** Folder in which each session has its workspace. */
  readonly workspaceRoot: string;
  readonly store: ThreadStore;
  /** Commands may be run; programs are looked for in `path`. */
  readonly hostTools?: { readonly path: string };
  readonly clock: Clock;
  readonly log: Logger;
}

/** Makes the agent of a run: model, prompt, files of its session, memory of its thread. */
export async function prepareLoop(parts: LoopParts, request: LoopRequest): Promise<PreparedLoop> {
  const { client, version, settings, clock, log, store, workspaceRoot, hostTools } = parts;
  const { execution, loaded, variables, threadId, masker, notice, signal } = request;
  const model = chooseModel(execution.spec?.executionConfig?.modelName ?? '', settings);
  const folder = await sessionFolder(workspaceRoot, loaded.sessionId);
  const spec = loaded.agent.spec;
  const org = execution.metadata?.org ?? '';
  const files = hostTools === undefined ? new SessionFiles(folder, signal) : new SessionShell({ folder, signal, clock, variables: variables.values, path: hostTools.path });
  const skills = await prepareSkills(workspaceRoot, [...loaded.skills, ...loaded.subAgentSkills.flat()], signal);
  if (hostTools !== undefined) await skills.linkInto(folder);
  const limits = loopLimits(execution.metadata, loaded.agent.metadata, settings);
  const memory = await ThreadMemory.open({ threadId, store, mask: (value: JsonValue) => masker.json(value) });
  const mcp = await prepareMcp({ client, clock, signal, spec, variables: variables.values, org, folder, version, hostTools });
  const schema = outputSchemaOf(execution.metadata, loaded.agent.metadata);
  const prompt = (instructions: string, own: readonly LoadedSkill[]): string =>
    systemPrompt({ instructions, skills: skills.prompt(own), org, clock, commands: hostTools !== undefined });
  const subAgents = (): SubAgentOptions[] =>
    (spec?.subAgents ?? []).map((one, at) => ({
      name: one.name,
      description: one.description,
      systemPrompt: prompt(one.instructions, loaded.subAgentSkills[at] ?? []),
      tools: mcp.toolsOf(one),
    }));
  const loop = await orClose(mcp, () => deepAgentLoop({
    asked: { settings, model },
    systemPrompt: [prompt(spec?.instructions ?? '', loaded.skills), ...(schema === undefined ? [] : [outputPrompt(schema)])].join('\n\n'),
    files: new CompositeBackend(files, { ...skills.routes }),
    tools: mcp.tools,
    subAgents: subAgents(),
    memory,
    threadId,
    limits,
    clock,
    model: modelNotices({ tell: notice, masker, clock, address: settings.baseUrl }),
    ...(parts.modelLimits === undefined ? {} : { modelLimits: parts.modelLimits }),
  }));
  return {
    loop,
    ...(schema === undefined ? {} : { checkAnswer: (answer: string) => checkOutput(schema, answer) }),
    close: async () => {
      await mcp.close();
      try {
        await memory.settle();
      } catch (error) {
        // The run has said what it had to say; what is lost is that the next one remembers it.
        const text = `The session will not remember this run: ${failureSentence(error)}`;
        log.error({ executionId: execution.metadata?.id, threadId, err: error }, text);
        notice({ code: 'MEMORY_NOT_KEPT', severity: severity.warning, text, component: 'agent-runner', time: isoNow(clock) });
      }
    },
  };
}

/** What `make` gives; the MCP servers are let go when it throws. */
async function orClose<T>(mcp: PreparedMcp, make: () => T): Promise<T> {
  try {
    return make();
  } catch (error) {
    await mcp.close();
    throw error;
  }
}
