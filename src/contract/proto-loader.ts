import { existsSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type Options, type PackageDefinition, type ServiceDefinition as LoadedService } from '@grpc/proto-loader';
import { services } from './registry.js';
import { grpcServiceDefinition } from './services.js';

/** The contract as the server serves it. */
export interface LoadedContract {
  /** By full name: `ai.stigmer.agentic.agent.v1.AgentCommandController`. */
  readonly services: ReadonlyMap<string, ServiceDefinition>;
  /** What the .proto files define, for server reflection. */
  readonly packageDefinition: PackageDefinition;
}

/**
 * How proto-loader turns names and values. Only names and paths are taken from it, messages go through protobuf-es, so `keepCase`
 * is what matters: names are compared as they stand in the files.
 */
const OPTIONS: Options = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true };

/** Folder with the contract's .proto files: the copy in dist/ for compiled code, the repository's own for sources. */
export function protoDir(): string {
  const beside = fileURLToPath(new URL('../proto', import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL('../../proto', import.meta.url));
}

/**
 * Loads every .proto file below `dir`, and checks that services and methods are those of the generated types, with the same
 * paths and streaming flags. A difference means that types were not generated anew: an Error that names it. Files that are
 * imported and not ours are looked up in `third_party` beside it.
 */
export function loadContract(dir: string = protoDir()): LoadedContract {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.proto'));
  const names = files.map((path) => path.split(sep).join('/')).sort();
  const packageDefinition = loadSync(names, { ...OPTIONS, includeDirs: [dir, join(dir, '..', 'third_party')] });

  const generated = new Map(services.map((service) => [service.typeName, grpcServiceDefinition(service)]));
  const loaded = new Map(Object.entries(packageDefinition).flatMap(([name, value]) => (isService(value) ? [[name, value] as const] : [])));
  const differences = [...new Set([...generated.keys(), ...loaded.keys()])].flatMap((name) => compare(name, loaded.get(name), generated.get(name)));
  if (differences.length > 0) {
    throw new Error(`${dir} and the generated types differ; run \`npm run generate\`:\n${differences.join('\n')}`);
  }
  return { services: generated, packageDefinition };
}

function compare(service: string, loaded: LoadedService = {}, generated: ServiceDefinition = {}): string[] {
  return [...new Set([...Object.keys(loaded), ...Object.keys(generated)])].flatMap((name) => {
    const [inFile, inTypes] = [loaded[name], generated[name]];
    if (!inFile || !inTypes) return [`- ${service}/${name} is only in the ${inFile ? 'files' : 'types'}`];
    const same = inFile.path === inTypes.path && inFile.requestStream === inTypes.requestStream && inFile.responseStream === inTypes.responseStream;
    return same ? [] : [`- ${service}/${name} has another path or streams otherwise`];
  });
}

function isService(value: PackageDefinition[string]): value is LoadedService {
  return !('format' in value);
}
