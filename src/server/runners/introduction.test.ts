import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { IntroductionSchema } from '../../contract/gen/stigmer/runner/v1/runner_pb.js';
import { checkIntroduction } from './introduction.js';

const runner = { kind: 'runner', name: 'agent-runner-1' } as const;
const introduce = (init: MessageInitShape<typeof IntroductionSchema> = {}, caller: { kind: 'user' | 'runner' | 'worker'; name: string } = runner) =>
  checkIntroduction(create(IntroductionSchema, { name: 'agent-runner-1', component: 'agent-runner', version: '1.4.2', taskQueues: ['q'], slots: 1, ...init }), caller, '1.5.0');

describe('checkIntroduction', () => {
  it('takes the server’s minor version and the one before, and no other', () => {
    for (const version of ['1.5.0', '1.5.9', '1.4.0', '1.5.0-rc.1']) expect(() => introduce({ version })).not.toThrow();
    for (const version of ['1.3.9', '1.6.0', '2.5.0', '0.5.0']) expect(() => introduce({ version })).toThrow(new RegExp(`${version.replaceAll('.', '\\.')}.*1\\.5\\.0`));
    expect(() => introduce({ version: 'latest' })).toThrow(/introduction\.version/);
  });

  it('names the field that is at fault', () => {
    expect(() => introduce({ name: '../etc' })).toThrow(/introduction\.name/);
    expect(() => introduce({ component: 'kernel' })).toThrow(/introduction\.component/);
    expect(() => introduce({ taskQueues: [''] })).toThrow(/introduction\.task_queues/);
    expect(() => introduce({ slots: 0 })).toThrow(/introduction\.slots/);
  });

  it('keeps each token to its own part', () => {
    expect(() => introduce({ name: 'agent-runner-2' })).toThrow(/own token/);
    expect(() => introduce({ component: 'worker' })).toThrow(/runner's/);
    expect(() => introduce({}, { kind: 'worker', name: 'worker' })).toThrow(/worker's token/);
    expect(() => introduce({ name: 'anything' }, { kind: 'user', name: 'ada' })).not.toThrow();
  });
});
