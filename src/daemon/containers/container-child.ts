import type { Clock } from '../../contract/clock.js';
import { StigmerError } from '../../contract/errors.js';
import type { ChildExit } from '../supervision/child-exit.js';
import { type LineSink, type RunningChild, startChild } from '../supervision/child.js';
import type { ContainerEngine } from './engine.js';
import { type ContainerOptions, runArguments } from './run-arguments.js';

/**
 * Starts a container, with the face of a child process: the engine's client stays in the foreground, hands on what the container
 * prints, passes SIGTERM to it, and ends with its exit code. One of the same name is removed before, and the container afterwards.
 *
 * @throws StigmerError when the engine does not answer
 */
export async function startContainer(engine: ContainerEngine, options: ContainerOptions, sink: LineSink, clock: Clock): Promise<RunningChild> {
  await engine.remove(await existing(engine, options.name));
  const client = await startChild({ file: engine.command.file, args: runArguments(options), env: engine.command.env, stdin: 'ignore', sink, clock });
  const exited = client.exited.then((exit) => explained(engine, options, exit));
  return {
    pid: client.pid,
    exited,
    async stop(graceMs) {
      await client.stop(graceMs);
      return exited;
    },
  };
}

async function existing(engine: ContainerEngine, name: string): Promise<string[]> {
  const names = await engine.run(['ps', '--all', '--filter', `name=^/?${name}$`, '--format', '{{.Names}}']);
  return names.split('\n').filter((found) => found === name);
}

/** The exit with what only the engine knows; the container is gone then, also when its client was killed. */
async function explained(engine: ContainerEngine, { name, limits }: ContainerOptions, exit: ChildExit): Promise<ChildExit> {
  try {
    const outOfMemory = (await engine.run(['inspect', '--type', 'container', '--format', '{{.State.OOMKilled}}', name])) === 'true';
    await engine.remove([name]);
    return outOfMemory ? withLine(exit, `the container was ended because it took more memory than its limit of ${limits.memory}`) : exit;
  } catch (error) {
    // It never came to be, or the engine is gone: the client has said so, and the next start sweeps.
    return exit.asked ? exit : withLine(exit, StigmerError.from(error).message);
  }
}

function withLine(exit: ChildExit, line: string): ChildExit {
  return { ...exit, lastLines: [...exit.lastLines, line] };
}
