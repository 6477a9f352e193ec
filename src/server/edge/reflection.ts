import { ReflectionService } from '@grpc/reflection';
import type { Server } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';

/** Adds server reflection, for tools such as grpcurl. Whoever reaches the port then reads the contract, so it is off by default. */
export function addReflection(server: Server, contract: PackageDefinition): void {
  new ReflectionService(contract).addToServer(server);
}
