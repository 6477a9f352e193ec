import { HealthImplementation } from 'grpc-health-check';
import type { Server } from '@grpc/grpc-js';

/** gRPC's own health service: `''` and every service answer SERVING until the server stops. */
export interface Health {
  stopping(): void;
}

/** Adds `grpc.health.v1.Health` to a server. It says whether the server takes calls; `/readyz` says whether all else is there. */
export function addHealth(server: Server, services: readonly string[]): Health {
  const names = ['', ...services];
  const health = new HealthImplementation(Object.fromEntries(names.map((name) => [name, 'SERVING'] as const)));
  health.addToServer(server);
  return {
    stopping() {
      for (const name of names) health.setStatus(name, 'NOT_SERVING');
    },
  };
}
