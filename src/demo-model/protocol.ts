import type { z } from 'zod';
import type { Conversation } from './conversation.js';
import type { Turn } from './turn.js';

/** One write of a streamed answer. Before a paced one the model takes the time of a token. */
export interface Frame {
  data: string;
  paced: boolean;
}

/** What a protocol needs to write an answer. */
export interface Answer {
  turn: Turn;
  conversation: Conversation;
  /** Milliseconds since 1970. */
  now: number;
}

export type ReadResult = { conversation: Conversation } | { refused: string };

/** A look-up beside the conversations: which models there are, which version this is. */
export interface LookUp {
  method: string;
  path: string;
  body: unknown;
  /** Names of the models to show. */
  models: string[];
}

/** What a file of a protocol exports; `server.ts` knows no more of it. */
export interface Protocol {
  /** Where conversations are POSTed. */
  chatPath: string;
  /** Content type of a streamed answer. */
  streamType: string;
  /** The conversation in a request's JSON, or the reason of a 400. */
  readConversation: (body: unknown) => ReadResult;
  /** The frames of a streamed answer. */
  streamFrames: (answer: Answer) => Iterable<Frame>;
  /** The JSON of an answer in one piece. */
  wholeAnswer: (answer: Answer) => unknown;
  /** The JSON of an HTTP error. */
  errorBody: (status: number, message: string) => unknown;
  /** An error that breaks off a stream. */
  errorFrame: (status: number, message: string) => string;
  /** The answer to a look-up, undefined when this protocol has none at that path. */
  lookUp: (request: LookUp) => { status: number; body: unknown } | undefined;
}

/** What a schema found wrong with a request, as the reason of a 400. */
export function refuse(error: z.ZodError): { refused: string } {
  return { refused: error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; ') };
}
