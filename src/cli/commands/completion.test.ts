import { spawnSync } from 'node:child_process';
import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { cli } from '../../../test/support/cli.js';
import { startGrpcPeer } from '../../../test/support/grpc-peer.js';
import { ResourceQuery, ResourceSchema } from '../../contract/gen/stigmer/resource/v1/resource_pb.js';
import { ApiResourceKind } from '../../contract/kinds.js';

describe('stigmer completion', () => {
  it('prints a script that bash can read', async () => {
    const { stdout } = await cli(['completion', 'bash']);
    expect(spawnSync('bash', ['-n'], { input: stdout })).toMatchObject({ status: 0 });
    expect(stdout).toContain('complete -o default -F _stigmer_complete stigmer');
    expect((await cli(['completion', 'zsh'])).stdout).toContain('compdef _stigmer_complete stigmer');
    expect((await cli(['completion', 'fish'])).stdout).toContain("complete -c stigmer -a '(__stigmer_complete)'");
    expect((await cli(['completion', 'cmd'])).code).toBe(2);
  });

  it('answers with names of the server, and with nothing where there is none', async () => {
    const peer = await startGrpcPeer();
    peer.unary(ResourceQuery.method.list, ({ kind }) => {
      const resource = { case: 'agent' as const, value: { metadata: { slug: 'reviewer' }, spec: { description: 'Reviews\ncode' } } };
      return { resources: kind === ApiResourceKind.agent ? [create(ResourceSchema, { resource })] : [] };
    });
    const complete = (...words: string[]) => cli(['__complete', '--', ...words], { endpoint: peer.endpoint });
    expect((await complete('run', 'rev')).stdout).toBe('reviewer\tReviews code\n');
    expect((await complete('get', 'agent', '')).stdout).toBe('reviewer\tReviews code\n');
    expect((await complete('get', 'sess')).stdout).toBe('sessions\tSession\n');
    expect((await complete('run', '--me')).stdout).toContain('--message\t');
    peer.down();
    expect(await complete('run', '')).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });
});
