import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { ApiResourceKind, resourceKinds } from './kinds.js';
import { isServedKind, resourceSchemas } from './resource-schemas.js';
import { loadValidator, type Validate } from './validation.js';

const validate: Validate = await loadValidator();

it('has the message of every open-source kind, and of no other', () => {
  expect(resourceKinds.filter(({ kind }) => isServedKind(kind))).toEqual(resourceKinds.filter(({ openSource }) => openSource));
  expect(isServedKind(ApiResourceKind.iam_policy)).toBe(false);
});

it('has the message whose rules want the kind and apiVersion of the enum', () => {
  for (const { kind, name, apiVersion } of resourceKinds) {
    if (!isServedKind(kind)) continue;
    const schema = resourceSchemas[kind];
    expect(schema.name).toBe(name);
    const faults = (init: { kind: string; apiVersion: string }) => {
      try {
        validate(schema, create<typeof schema>(schema, init as never));
        return '';
      } catch (error) {
        return String(error);
      }
    };
    expect(faults({ kind: name, apiVersion })).not.toMatch(/kind: must|api_version: must/);
    expect(faults({ kind: 'x', apiVersion: 'y' })).toMatch(/kind: must|api_version: must/);
  }
});
