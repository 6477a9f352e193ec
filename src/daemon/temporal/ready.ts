import type { Probe } from '../supervision/probe.js';
import { callUnary } from './unary-call.js';

/**
 * Ready when the frontend at `address` (`host:port`, in clear) answers GetSystemInfo. On a dev server the default namespace and the
 * search attributes asked for are there by then. Serves for a cluster that is not ours as well.
 */
export function temporalAnswers(address: string): Probe {
  return (signal) => callUnary(address, '/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo', signal);
}
