import { createRequire } from 'node:module';
import { expect, it } from 'vitest';

const require = createRequire(import.meta.url);

it("all packages of Temporal share one protobufjs 8: with two, one copy does not know the other's types, and a replay dies of it", () => {
  // @temporalio/proto is a dependency of theirs, seen from the client.
  const fromClient = createRequire(require.resolve('@temporalio/client'));
  const users = [require.resolve('@temporalio/common'), require.resolve('@temporalio/worker'), fromClient.resolve('@temporalio/proto')];
  const copies = new Set(users.map((user) => createRequire(user).resolve('protobufjs')));
  expect([...copies]).toEqual([require.resolve('protobufjs')]);
  const { version } = require('protobufjs/package.json') as { version: string };
  expect(version).toMatch(/^8\./);
});
