import { StigmerError } from '../../contract/errors.js';
import { ContainerEngine, type EngineKind } from './engine.js';

/** An engine that answers. */
export interface FoundEngine {
  readonly engine: ContainerEngine;
  readonly kind: EngineKind;
  /** For a person: "Docker 20.10.24". */
  readonly description: string;
}

export interface FindEngineOptions {
  /** The program that the user named; nothing else will do then. */
  readonly configured: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}

/** `docker info` of an engine that is there takes a tenth of this. */
const LIMIT_MS = 3_000;

/** The first of Docker and Podman that answers, or why none does. */
export async function findEngine({ configured, env }: FindEngineOptions): Promise<FoundEngine | { readonly none: string }> {
  const reasons: string[] = [];
  const files = configured === undefined ? ['docker', 'podman'] : [configured];
  for (const file of files) {
    const engine = new ContainerEngine({ file, env });
    try {
      return { engine, ...readInfo(await engine.run(['info', '--format', '{{json .}}'], LIMIT_MS)) };
    } catch (error) {
      // What is not installed is nothing to complain about.
      if (!isMissing(error)) reasons.push(error instanceof StigmerError ? error.message : `${file}: ${(error as Error).message}`);
    }
  }
  return { none: reasons.length === 0 ? `there is no program ${files.join(' or ')}` : reasons.join('; ') };
}

function isMissing(error: unknown): boolean {
  return error instanceof StigmerError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

/** Docker and Podman tell the same things by other names. */
interface EngineInfo {
  readonly ServerVersion?: string;
  readonly OperatingSystem?: string;
  readonly SecurityOptions?: readonly string[];
  readonly ServerErrors?: readonly string[];
  readonly version?: { readonly Version?: string };
  readonly host?: { readonly security?: { readonly rootless?: boolean } };
}

function readInfo(text: string): { kind: EngineKind; description: string } {
  const info = JSON.parse(text) as EngineInfo;
  const rootless = info.host?.security?.rootless === true || info.SecurityOptions?.some((option) => option.includes('rootless')) === true;
  if (rootless) throw new Error('a rootless engine has its networks to itself, so that its containers do not reach this machine');
  if (info.version?.Version !== undefined) return { kind: 'podman', description: `Podman ${info.version.Version}` };
  // The client answers without its server too, with the reason among the rest.
  if (info.ServerVersion === undefined || info.ServerVersion === '') throw new Error(info.ServerErrors?.[0] ?? 'it tells no version of its server');
  const desktop = info.OperatingSystem?.startsWith('Docker Desktop') === true;
  return { kind: desktop ? 'docker-desktop' : 'docker', description: `${desktop ? 'Docker Desktop' : 'Docker'} ${info.ServerVersion}` };
}
