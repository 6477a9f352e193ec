import { homedir } from 'node:os';
import { join } from 'node:path';
import { defineEnvironment, type EnvironmentValues } from '../contract/environment.js';

/** What the command line reads of its environment. */
export const cliEnvironment = defineEnvironment({
  STIGMER_HOME: {
    type: 'path',
    default: join(homedir(), '.stigmer'),
    meaning: 'the folder with the configuration, and the state of the server that is started here',
    example: '/home/me/.stigmer',
  },
  STIGMER_SERVER_ADDR: {
    type: 'address',
    aliases: ['STIGMER_ENDPOINT'],
    meaning: 'the address of the server',
    example: '127.0.0.1:7234',
  },
  STIGMER_TOKEN: {
    type: 'string',
    secret: true,
    meaning: 'the token that is shown to the server, in place of the one in the state folder',
    example: 'stg_…',
  },
  STIGMER_SERVER_TLS: {
    type: 'boolean',
    meaning: 'whether the connection to the server is encrypted; by default it is, but for addresses of this machine',
    example: 'true',
  },
});

/** How a terminal is to be written to. Conventions of all programs, so never malformed. */
export const terminalEnvironment = defineEnvironment({
  NO_COLOR: { type: 'string', meaning: 'any value: no colours', example: '1' },
  FORCE_COLOR: { type: 'string', meaning: 'any value but 0: colours although the output is no terminal', example: '1' },
  TERM: { type: 'string', meaning: 'kind of the terminal; dumb: no control sequences', example: 'xterm-256color' },
});

/** The environment as commands see it. */
export interface CliEnvironment {
  readonly values: EnvironmentValues<typeof cliEnvironment.variables>;
  /** All variables: to be handed to the programs that are started, and for values that a person names. */
  readonly all: Readonly<Record<string, string | undefined>>;
}

/** Reads the process's environment. Throws INVALID_ARGUMENT that lists every variable which is malformed. */
export function readEnvironment(): CliEnvironment {
  return { values: cliEnvironment.read(process.env), all: process.env };
}

/** What the process's environment says about terminals. */
export function readTerminalEnvironment(): EnvironmentValues<typeof terminalEnvironment.variables> {
  return terminalEnvironment.read(process.env);
}
