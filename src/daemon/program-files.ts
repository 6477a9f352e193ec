import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How a program is run: an executable and its first arguments. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

/** The programs that a supervisor runs, as data: tests put stand-ins in their place. */
export interface Programs {
  readonly server: Program;
  readonly worker: Program;
  readonly agentRunner: Program;
  readonly demoModel: Program;
}

/** The programs of this installation, each by its own file. */
export function installedPrograms(): Programs {
  return {
    server: nodeProgram('server/main.js'),
    worker: nodeProgram('workflows/worker/main.js'),
    agentRunner: nodeProgram('runner/main.js'),
    demoModel: nodeProgram('demo-model/main.js'),
  };
}

/** The supervisor itself, for whoever starts it detached. */
export function supervisorProgram(): Program {
  const { file, args } = nodeProgram('daemon/main.js');
  // It idles for days: a small young generation keeps what it once needed at its start from staying with it.
  return { file, args: ['--max-semi-space-size=1', ...args] };
}

function nodeProgram(path: string): Program {
  return { file: process.execPath, args: [join(packageRoot(), 'dist', path)] };
}

/** The folder of our package.json: it is the same from dist/, from a bundle of it and from the sources. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === dirname(folder)) throw new Error(`no package.json above ${fileURLToPath(import.meta.url)}: the installation is not complete`);
    folder = dirname(folder);
  }
  return folder;
}
