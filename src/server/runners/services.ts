import { RunnerService } from '../../contract/gen/stigmer/runner/v1/runner_pb.js';
import { bindService, type ServiceBinding } from '../rpc.js';
import { claim, type ClaimContext } from './claim.js';
import { hello, type HelloOptions } from './hello.js';

export function runnerServices(context: HelloOptions & ClaimContext): ServiceBinding[] {
  return [
    bindService(RunnerService, {
      hello: (requests, send, call) => hello(context, requests, send, call),
      claim: (request, call) => claim(context, request, call),
    }),
  ];
}
