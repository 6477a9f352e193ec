import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../src/workflow-document/json.js';
import { type InterpreterWorld, startInterpreterWorld } from './support/interpreter-world.js';

const folder = new URL('../docs/workflows/', import.meta.url);
const pages = readdirSync(folder).filter((file) => file !== 'README.md');

let world: InterpreterWorld;

beforeAll(async () => {
  world = await startInterpreterWorld();
}, 90_000);

afterAll(async () => {
  await world.close();
});

describe('the example of the page', () => {
  it.each(pages)('%s gives the output that stands beside it', async (page) => {
    const [document, input, output] = [...readFileSync(new URL(page, folder), 'utf8').matchAll(/```(?:yaml|json)\n([\s\S]*?)```/g)].map(([, text]) => text as string);
    const ended = await world.run(document as string, { input: JSON.parse(input as string) as Json });
    expect([ended.error, ended.output]).toEqual(['', JSON.parse(output as string)]);
  });
});
