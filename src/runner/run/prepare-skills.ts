import { mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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
  /** Puts links to the files into a session's folder, for commands, which see no routes. */
  readonly linkInto: (folder: string) => Promise<void>;
}

/** Folder of a skill's files, as file tools see it: where the original's runner has it. */
function locationOf({ files }: LoadedSkill): string {
  return `/bin/skills/${files.version}/`;
}

/** Unpacks the skills of an agent and its sub-agents, each version once on this machine. */
export async function prepareSkills(workspaceRoot: string, skills: readonly LoadedSkill[], signal: AbortSignal): Promise<PreparedSkills> {
  const root = join(workspaceRoot, '.skills');
  const folders = new Map<string, string>();
  for (const skill of skills) folders.set(locationOf(skill), await skillFolder(root, skill.files));
  return {
    routes: Object.fromEntries([...folders].map(([location, folder]) => [location, new ReadOnlyFiles(folder, signal)])),
    linkInto: (folder) => linkAll(folders, folder),
    prompt: (some) => some.map((skill) => ({ name: skill.name, location: locationOf(skill), text: skill.text })),
  };
}

async function linkAll(folders: ReadonlyMap<string, string>, session: string): Promise<void> {
  for (const [location, folder] of folders) {
    const link = join(session, location.replace(/\/$/, ''));
    await mkdir(dirname(link), { recursive: true });
    await rm(link, { recursive: true, force: true });
    await symlink(folder, link);
  }
}
