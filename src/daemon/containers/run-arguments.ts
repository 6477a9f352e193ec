/** A container to run. Paths are those of this machine, unless they say otherwise. */
export interface ContainerOptions {
  readonly name: string;
  readonly image: string;
  /** Its name for itself, other for each start: by it the server tells which container a lease is of. */
  readonly hostname: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `uid:gid` that it runs as; never root. */
  readonly user: string;
  /** Absent for the engine's default network. */
  readonly network?: { readonly name: string; readonly gateway: string };
  /** File with its variables: what stands in an argument, every user of this machine can read. */
  readonly envFile: string;
  readonly mounts: readonly Mount[];
  readonly limits: ContainerLimits;
}

/** A file or folder of this machine that a container sees. */
export interface Mount {
  readonly from: string;
  /** Where the container sees it. */
  readonly to: string;
  readonly writable: boolean;
}

/** What a container may take, in the engine's own words. */
export interface ContainerLimits {
  /** `2g` */
  readonly memory: string;
  /** `2` or `1.5` */
  readonly cpus: string;
  readonly pids: number;
}

/** The arguments of `docker run`. It stays in the foreground, so that what the container prints and its end are ours to see. */
export function runArguments(options: ContainerOptions): string[] {
  const { name, image, hostname, labels, user, network, envFile, mounts, limits } = options;
  const flags: readonly (readonly string[])[] = [
    // An image that is not there would be asked for everywhere, for a long time.
    ['--pull', 'never'],
    ['--name', name],
    ['--hostname', hostname],
    ...Object.entries(labels).map(([label, value]) => ['--label', `${label}=${value}`]),
    ['--user', user],
    ['--init'],
    ['--read-only'],
    ['--tmpfs', '/tmp:rw,nosuid,nodev,size=256m,mode=1777'],
    ['--cap-drop', 'ALL'],
    ['--security-opt', 'no-new-privileges'],
    ['--memory', limits.memory],
    // As much as the memory: nothing beyond it on disk.
    ['--memory-swap', limits.memory],
    ['--cpus', limits.cpus],
    ['--pids-limit', String(limits.pids)],
    network === undefined ? [] : ['--network', network.name, '--add-host', `host.docker.internal:${network.gateway}`],
    ['--env-file', envFile],
    ...mounts.map(({ from, to, writable }) => ['--mount', `type=bind,source=${from},target=${to}${writable ? '' : ',readonly'}`]),
    // It is in our log; what the engine keeps beside is for `docker logs`.
    ['--log-opt', 'max-size=10m'],
  ];
  return ['run', ...flags.flat(), image];
}
