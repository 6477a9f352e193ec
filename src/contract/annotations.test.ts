import { describe, expect, it } from 'vitest';
import { annotations, readAnnotation, validateAnnotations } from './annotations.js';
import { Code, type StigmerError } from './errors.js';
import { ApiResourceKind } from './kinds.js';

function refused(kind: ApiResourceKind, map: Record<string, string>): StigmerError {
  try {
    validateAnnotations(kind, { annotations: map });
  } catch (error) {
    return error as StigmerError;
  }
  throw new Error('was accepted');
}

describe('validateAnnotations', () => {
  it('leaves keys of other prefixes to the users', () => {
    const own = { team: 'x', 'example.com/on-crash': 'x', 'stigmer.aix': '' };
    expect(() => validateAnnotations(ApiResourceKind.skill, { annotations: own })).not.toThrow();
    expect(() => validateAnnotations(ApiResourceKind.skill, undefined)).not.toThrow();
  });

  it('accepts declared keys with proper values', () => {
    const proper = { 'stigmer.ai/on-crash': 'resume', 'stigmer.ai/max-duration': '2h' };
    expect(() => validateAnnotations(ApiResourceKind.agent, { annotations: proper })).not.toThrow();
  });

  it('names an unknown key, and those that would be known', () => {
    const error = refused(ApiResourceKind.agent, { 'stigmer.ai/on-carsh': 'fail' });
    expect(error.code).toBe(Code.INVALID_ARGUMENT);
    expect(error.message).toContain('metadata.annotations["stigmer.ai/on-carsh"]: ');
    expect(error.message).toContain('stigmer.ai/on-crash');
    expect(refused(ApiResourceKind.skill, { 'stigmer.ai/x': '' }).message).toContain('Skill has none');
  });

  it('refuses a key on a kind where it means nothing', () => {
    expect(refused(ApiResourceKind.workflow, { 'stigmer.ai/on-crash': 'fail' }).message).toContain('means nothing on Workflow, only on Agent, AgentExecution');
  });

  it('tells every fault at once', () => {
    const error = refused(ApiResourceKind.agent, { 'stigmer.ai/on-crash': 'explode', 'stigmer.ai/max-steps': '0', 'stigmer.ai/nope': '' });
    expect(error.violations.map(({ field }) => field)).toEqual(
      ['on-crash', 'max-steps', 'nope'].map((name) => `metadata.annotations["stigmer.ai/${name}"]`),
    );
    expect(error.violations[0]!.description).toBe('must be fail or resume, not "explode"');
  });
});

describe('values', () => {
  const { approvalTools, maxCost, maxDuration, maxSteps, outputSchema, queue } = annotations;

  it.each([
    [maxDuration, '90s', 90_000],
    [maxDuration, '3d', 259_200_000],
    [maxSteps, '25', 25],
    [maxCost, '2.50', 2.5],
    [queue, 'false', false],
    [approvalTools, 'git_push, shell', ['git_push', 'shell']],
    [outputSchema, '{"type":"object"}', { type: 'object' }],
  ])('of %o are read: %s', (annotation, text, value) => {
    expect(readAnnotation<unknown>({ annotations: { [annotation.key]: text } }, annotation)).toEqual(value);
  });

  it.each([
    [maxDuration, ['', '0s', '1.5h', '5', '-1h', '1w', '9999999d']],
    [maxSteps, ['', '0', '-1', '1.5', '1e3', '9999999999999999']],
    [maxCost, ['', '0', '0.0', '-1', '1.1234567', 'NaN']],
    [queue, ['', 'yes', 'TRUE']],
    [approvalTools, ['', 'a,,b', 'a b', ',']],
    [outputSchema, ['', '[]', 'null', '1', '{']],
  ])('that break the rule of %o are refused', (annotation, texts) => {
    for (const text of texts) {
      expect(() => readAnnotation<unknown>({ annotations: { [annotation.key]: text } }, annotation)).toThrow(annotation.rule);
    }
  });

  it('that are absent are undefined', () => {
    expect(readAnnotation(undefined, queue)).toBeUndefined();
    expect(readAnnotation({ annotations: {} }, queue)).toBeUndefined();
  });
});
