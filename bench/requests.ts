import { create, type DescMethod, type MessageInitShape, toBinary } from '@bufbuild/protobuf';

/** The path of a method, as HTTP/2 has it. */
export function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/** A request, encoded. */
export function encodeRequest<M extends DescMethod>(method: M, request: MessageInitShape<M['input']>): Uint8Array {
  return toBinary(method.input, create(method.input, request));
}

/** Text of a length, the same each time and not all one letter. */
export function text(bytes: number): string {
  const words = 'The agent reads the file, finds the fault, and says what it would change and why. ';
  return words.repeat(Math.ceil(bytes / words.length)).slice(0, bytes);
}
