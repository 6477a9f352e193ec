import { create } from '@bufbuild/protobuf';
import { type Skill, SkillSchema } from '../../../contract/gen/ai/stigmer/agentic/skill/v1/api_pb.js';
import { SkillCommandController } from '../../../contract/gen/ai/stigmer/agentic/skill/v1/command_pb.js';
import {
  type GetArtifactRequest,
  GetArtifactResponseSchema,
  type PushSkillRequest,
} from '../../../contract/gen/ai/stigmer/agentic/skill/v1/io_pb.js';
import { SkillQueryController } from '../../../contract/gen/ai/stigmer/agentic/skill/v1/query_pb.js';
import { ApiResourceKind, resourceKind } from '../../../contract/kinds.js';
import { runCommand } from '../command.js';
import type { KindDefinition } from '../kind.js';
import { readSkillArchive } from '../skills/archive.js';
import { artifactKey, collectArtifacts, keepArtifact, readArtifact } from '../skills/artifacts.js';
import { planPush, pushedSlug } from '../skills/push.js';
import { artifactKeysOf, atVersion } from '../skills/versions.js';

/** Knowledge for agents, pushed as an archive. Earlier versions are kept; deleting the skill takes them along. */
export const skillKind: KindDefinition<Skill> = {
  kind: resourceKind(ApiResourceKind.skill),
  schema: SkillSchema,
  atVersion,
  services: [SkillCommandController, SkillQueryController],
  methods: {
    push: async (engine, request: PushSkillRequest, call) => {
      const archive = await readSkillArchive(request.artifact);
      const key = artifactKey(archive.hash);
      const keep = async () => keepArtifact(engine.store.artifacts, key, request.artifact);
      const pushed = runCommand(engine, SkillCommandController.method.push, request, call, {
        subject: JSON.stringify([skillKind.kind.enumName, request.org, pushedSlug(request)]),
        plan: async () => planPush(engine.context, skillKind, request, archive, call.caller),
        // Once so that what is committed is there, and again because a collection may have come between.
        before: keep,
        after: keep,
      });
      return pushed.catch(async (error: unknown) => {
        await collectArtifacts(engine.store, [key]);
        throw error;
      });
    },
    getArtifact: async (engine, { artifactStorageKey }: GetArtifactRequest) =>
      create(GetArtifactResponseSchema, { artifact: await readArtifact(engine.store.artifacts, artifactStorageKey) }),
  },
  cleanUp: async (store, id) => {
    const keys = await artifactKeysOf(store, id);
    return async () => void (await collectArtifacts(store, keys));
  },
};
