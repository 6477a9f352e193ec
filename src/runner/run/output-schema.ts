import { Validator } from '@langchain/core/utils/json_schema';
import { type Annotated, annotations, readAnnotation } from '../../contract/annotations.js';

type Schema = Readonly<Record<string, unknown>>;

/** The JSON Schema of a run's answer: as the execution says, else as its agent says. */
export function outputSchemaOf(execution: Annotated | undefined, agent: Annotated | undefined): Schema | undefined {
  return readAnnotation(execution, annotations.outputSchema) ?? readAnnotation(agent, annotations.outputSchema);
}

/** What the agent is told of it. */
export function outputPrompt(schema: Schema): string {
  return `# Answer\n\nYour last message is read by a program. It must be JSON, and nothing but JSON, that fits this JSON Schema:\n\n${JSON.stringify(schema)}`;
}

/** The answer as JSON, or what is wrong with it. A fence around it, as models like to write one, is taken off. */
export function checkOutput(schema: Schema, answer: string): { readonly json: string; readonly fault?: undefined } | { readonly fault: string } {
  const text = /^\s*```(?:json)?\s*\n([^]*?)\n?```\s*$/.exec(answer)?.[1] ?? answer;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { fault: `it is no JSON: ${(error as Error).message}` };
  }
  const { valid, errors } = new Validator(schema, '2020-12', false).validate(value);
  if (valid) return { json: text.trim() };
  return { fault: errors.slice(-5).map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`).join(' ') };
}
