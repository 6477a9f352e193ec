import type { Clock } from '../../contract/clock.js';

/** A skill whose text the agent gets. */
export interface PromptSkill {
  readonly name: string;
  /** Folder of its files, as the agent's file tools see it. */
  readonly location: string;
  readonly text: string;
}

export interface PromptOptions {
  /** Of the agent; empty ones fall back to a sentence. */
  readonly instructions: string;
  readonly skills: readonly PromptSkill[];
  readonly org: string;
  /** Whether the agent may run commands. */
  readonly commands: boolean;
  readonly clock: Clock;
}

const fallback = 'You are a helpful assistant.';

/** The system prompt of an agent: its instructions, its skills, and what it cannot know by itself. */
export function systemPrompt({ instructions, skills, org, commands, clock }: PromptOptions): string {
  const today = new Date(clock.now()).toISOString().slice(0, 10);
  const context = ['# Context', '', `- Today is ${today} (UTC).`, '- Your files are under `/`; they are kept for the whole session, and seen by nobody else.'];
  if (commands) context.push('- Commands run in the folder that file tools call `/`: there, leave the leading slash out (`bin/skills`, not `/bin/skills`).');
  if (org !== '') context.push(`- You work for the organization ${org}.`);
  return [instructions.trim() || fallback, ...skillSection(skills), context.join('\n')].join('\n\n');
}

function skillSection(skills: readonly PromptSkill[]): string[] {
  if (skills.length === 0) return [];
  const intro = '# Skills\n\nWhat follows was written for tasks like yours. Follow it where it applies; files that it mentions are at its location.';
  return [intro, ...skills.map(({ name, location, text }) => `## Skill: ${name}\n\nLOCATION: ${location}\n\n${text.trim()}`)];
}
