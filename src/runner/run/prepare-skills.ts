import { join } from 'node:path';
import type { BackendProtocolV2 } from 'deepagents';
import { ReadOnlyFiles } from '../workspace/read-only-files.js';
import { skillFolder } from '../workspace/skill-folder.js';
import type { LoadedSkill } from './load-skills.js';
import type { PromptSkill } from './prompt.js';

/** Skills as an agent gets them. */
export interface PreparedSkills {
  readonly prompt: (skills: readonly LoadedSkill[]) => PromptSkill[];
  /** Files by the folder under which the agent sees them: `/bin/skills/<version>/`. */
  readonly routes: Readonly<Record<string, BackendProtocolV2>>;
}

/** Folder of a skill's files, as file tools see it: where the original's runner has it. */
function locationOf({ files }: LoadedSkill): string {
  return `/bin/skills/${files.version}/`;
}

/** Unpacks the skills of an agent and its sub-agents, each version once on this machine. */
export async function prepareSkills(workspaceRoot: string, skills: readonly LoadedSkill[], signal: AbortSignal): Promise<PreparedSkills> {
  const root = join(workspaceRoot, '.skills');
  const routes: Record<string, BackendProtocolV2> = {};
  for (const skill of skills) routes[locationOf(skill)] ??= new ReadOnlyFiles(await skillFolder(root, skill.files), signal);
  return { routes, prompt: (some) => some.map((skill) => ({ name: skill.name, location: locationOf(skill), text: skill.text })) };
}
