/** The environment of this process, which the programs that are measured inherit. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  return process.env;
}
