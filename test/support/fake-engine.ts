import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContainerEngine } from '../../src/daemon/containers/engine.js';

/** What a fake engine does for commands that begin with `when`, the first that holds. Without a match it prints nothing and succeeds. */
export interface EngineAnswer {
  readonly when: readonly string[];
  readonly out?: string;
  readonly err?: string;
  readonly code?: number;
  /** How often it holds. Default: always. */
  readonly times?: number;
  /** Runs until it gets SIGTERM, and ends with `code` then. */
  readonly stays?: boolean;
}

/** The command line of a container engine that is not there. */
export interface FakeEngine {
  readonly engine: ContainerEngine;
  readonly file: string;
  /** The commands so far. */
  commands(): Promise<string[][]>;
}

const SOURCE = (answers: string, log: string): string => `
  const fs = require('node:fs');
  const answers = ${answers};
  const args = process.env.FAKE_ENGINE_ARGS.split('\\n');
  const before = fs.existsSync(${log}) ? fs.readFileSync(${log}, 'utf8').split('\\n').filter(Boolean).map((line) => JSON.parse(line)) : [];
  fs.appendFileSync(${log}, JSON.stringify(args) + '\\n');
  const holds = ({ when }, given) => when.every((word, index) => given[index] === word);
  const answer = answers.find((one) => holds(one, args) && (one.times === undefined || before.filter((given) => holds(one, given)).length < one.times)) ?? {};
  if (answer.out) process.stdout.write(answer.out + '\\n');
  if (answer.err) process.stderr.write(answer.err + '\\n');
  if (!answer.stays) process.exit(answer.code ?? 0);
  process.on('SIGTERM', () => process.exit(answer.code ?? 0));
  setInterval(() => undefined, 1000);
`;

/** Writes a program to `folder` that answers like an engine, and keeps what it was asked. */
export async function fakeEngine(folder: string, answers: readonly EngineAnswer[], name = 'docker'): Promise<FakeEngine> {
  const file = join(folder, name);
  const log = join(folder, `${name}.commands`);
  await writeFile(`${file}.cjs`, SOURCE(JSON.stringify(answers), JSON.stringify(log)));
  // Not as arguments: Node takes --env-file for itself wherever it stands.
  await writeFile(file, `#!/bin/sh\nFAKE_ENGINE_ARGS="$(printf '%s\\n' "$@")" exec '${process.execPath}' '${file}.cjs'\n`, { mode: 0o755 });
  return {
    engine: new ContainerEngine({ file, env: {} }),
    file,
    async commands() {
      const text = await readFile(log, 'utf8').catch(() => '');
      return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as string[]]));
    },
  };
}
