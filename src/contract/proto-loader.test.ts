import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadContract, protoDir } from './proto-loader.js';
import { services } from './registry.js';
import { grpcServiceDefinition } from './services.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const copies: string[] = [];
afterAll(() => copies.forEach((dir) => rmSync(dir, { recursive: true })));

function copyWith(file: string, change: (text: string) => string): string {
  const dir = mkdtempSync(join(tmpdir(), 'stigmer-proto-'));
  copies.push(dir);
  for (const name of ['proto', 'third_party']) cpSync(join(root, name), join(dir, name), { recursive: true });
  const path = join(dir, 'proto', file);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
  return join(dir, 'proto');
}

describe('loadContract', () => {
  it('serves every service of the contract and of our own', () => {
    const contract = loadContract();
    const names = [...contract.services.keys()];
    expect(names.filter((name) => name.startsWith('ai.stigmer.agentic.'))).toHaveLength(22);
    expect(names.filter((name) => name.startsWith('stigmer.')).length).toBeGreaterThanOrEqual(4);
    expect(names.sort()).toEqual(services.map((service) => service.typeName).sort());
  });

  it('gives the methods the serialisers of the generated types', () => {
    const contract = loadContract();
    for (const service of services) {
      const methods = contract.services.get(service.typeName)!;
      expect(Object.keys(methods)).toEqual(Object.keys(grpcServiceDefinition(service)));
    }
    const push = contract.services.get('ai.stigmer.agentic.skill.v1.SkillCommandController')!.push!;
    expect(push.requestDeserialize(Buffer.alloc(0))).toMatchObject({ $typeName: 'ai.stigmer.agentic.skill.v1.PushSkillRequest' });
  });

  it('gives reflection the definition of every message', () => {
    const { packageDefinition } = loadContract(protoDir());
    expect(packageDefinition['ai.stigmer.agentic.agent.v1.Agent']).toMatchObject({ format: 'Protocol Buffer 3 DescriptorProto' });
  });

  it('refuses files that the types were not generated from', () => {
    const added = copyWith('ai/stigmer/agentic/skill/v1/command.proto', (text) => text.replace('rpc delete(', 'rpc drop(SkillId) returns (Skill);\n  rpc delete('));
    expect(() => loadContract(added)).toThrow('SkillCommandController/drop is only in the files');
    const streamed = copyWith('ai/stigmer/agentic/skill/v1/command.proto', (text) => text.replace('returns (Skill)', 'returns (stream Skill)'));
    expect(() => loadContract(streamed)).toThrow('SkillCommandController/push has another path or streams otherwise');
  });
});
