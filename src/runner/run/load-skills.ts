import { createHash } from 'node:crypto';
import type { RpcClient } from '../../client/rpc-client.js';
import type { Clock } from '../../contract/clock.js';
import { Code, failedPrecondition, StigmerError } from '../../contract/errors.js';
import type { Skill } from '../../contract/gen/ai/stigmer/agentic/skill/v1/api_pb.js';
import { SkillQueryController } from '../../contract/gen/ai/stigmer/agentic/skill/v1/query_pb.js';
import type { ApiResourceReference } from '../../contract/gen/ai/stigmer/commons/apiresource/io_pb.js';
import type { SkillFiles } from '../workspace/skill-folder.js';
import { patiently } from './patiently.js';

/** A skill of an agent, in the version that its reference names. */
export interface LoadedSkill {
  readonly name: string;
  /** SKILL.md. */
  readonly text: string;
  readonly files: SkillFiles;
}

/** Reads the skills, side by side. Throws StigmerError FAILED_PRECONDITION that names one which is not there. */
export function loadSkills(client: RpcClient, clock: Clock, references: readonly ApiResourceReference[], signal: AbortSignal): Promise<LoadedSkill[]> {
  return Promise.all(references.map((reference) => loadSkill(client, clock, reference, signal)));
}

async function loadSkill(client: RpcClient, clock: Clock, reference: ApiResourceReference, signal: AbortSignal): Promise<LoadedSkill> {
  const shown = reference.version === '' ? reference.slug : `${reference.slug}@${reference.version}`;
  let skill: Skill;
  try {
    skill = await patiently(clock, signal, () => client.unary(SkillQueryController.method.getByReference, reference, { signal }));
  } catch (error) {
    if (StigmerError.from(error).code !== Code.NOT_FOUND) throw error;
    throw failedPrecondition(`The agent's skill ${shown} does not exist: ${StigmerError.from(error).message}`, { cause: error });
  }
  const text = skill.spec?.skillMd ?? '';
  const key = skill.status?.artifactStorageKey ?? '';
  const hash = skill.status?.versionHash ?? '';
  // A hash that is none would become a path.
  const isHash = /^[a-f0-9]{64}$/.test(hash);
  const archive =
    key === '' || !isHash ? undefined : (await patiently(clock, signal, () => client.unary(SkillQueryController.method.getArtifact, { artifactStorageKey: key }, { signal }))).artifact;
  const version = archive === undefined ? `text-${createHash('sha256').update(text).digest('hex')}` : hash;
  return { name: skill.metadata?.name || shown, text, files: { version, archive, text } };
}
