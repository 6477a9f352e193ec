import { failedPrecondition, invalidArgument, permissionDenied } from '../../contract/errors.js';
import type { Introduction } from '../../contract/gen/stigmer/runner/v1/runner_pb.js';
import type { Caller } from '../rpc.js';

const COMPONENTS = ['agent-runner', 'workflow-runner', 'worker'];
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

/**
 * Looks at who wants a lease. INVALID_ARGUMENT for what is malformed, PERMISSION_DENIED when the token is another one's,
 * FAILED_PRECONDITION, naming both versions, when the two cannot work together.
 */
export function checkIntroduction(introduction: Introduction, caller: Caller, serverVersion: string): void {
  const { name, component, taskQueues, slots, version } = introduction;
  if (!NAME.test(name)) throw invalidArgument('introduction.name', 'must be 1 to 64 letters, digits, dots, underscores or hyphens');
  if (!COMPONENTS.includes(component)) throw invalidArgument('introduction.component', `must be one of ${COMPONENTS.join(', ')} and is '${component}'`);
  if (taskQueues.length === 0 || taskQueues.includes('')) throw invalidArgument('introduction.task_queues', 'must name the queues that are about to be polled');
  if (slots === 0) throw invalidArgument('introduction.slots', 'must be at least 1');
  if (caller.kind === 'worker' && component !== 'worker') throw permissionDenied(`the worker's token cannot hold a lease for ${component}`);
  if (caller.kind === 'runner' && component === 'worker') throw permissionDenied(`the token of ${caller.name} is a runner's and cannot hold the worker's lease`);
  if (caller.kind === 'runner' && caller.name !== name) {
    throw permissionDenied(`the token of ${caller.name} cannot hold a lease in the name of ${name}: each runner has its own token`);
  }
  checkVersion(component, version, serverVersion);
}

/** The runner may have the server's minor version or the one before. */
function checkVersion(component: string, version: string, serverVersion: string): void {
  const theirs = parseVersion(version);
  if (theirs === undefined) throw invalidArgument('introduction.version', `must be a semantic version such as ${serverVersion} and is '${version}'`);
  const ours = parseVersion(serverVersion);
  if (ours === undefined) return;
  const behind = ours.minor - theirs.minor;
  if (theirs.major === ours.major && (behind === 0 || behind === 1)) return;
  throw failedPrecondition(
    `${component} ${version} does not fit server ${serverVersion}: the server works with its own minor version and the one before. Update the older of the two.`,
    { reason: 'VERSION_SKEW', metadata: { runner: version, server: serverVersion } },
  );
}

function parseVersion(text: string): { readonly major: number; readonly minor: number } | undefined {
  const match = /^(\d+)\.(\d+)\.\d+(?:[-+].*)?$/.exec(text);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) };
}
