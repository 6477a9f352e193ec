import { dialectOf, type WorkflowDocument } from './document.js';
import { type Finding, Findings, pathText } from './findings.js';
import type { Json } from './json.js';
import { checkReferences } from './references.js';
import { documentShape } from './shapes/document.js';
import { type Place, readSource } from './source.js';
import { VARIABLES } from './template.js';

/** Everything that is to be said about a document; nothing when it is right. */
export function validateDocument(value: Json): readonly Finding[] {
  const findings = new Findings();
  documentShape(value, [], { findings, variables: VARIABLES, dialect: dialectSafely(value) });
  // Names can be followed only in a document of the right shape.
  if (findings.all.length === 0) checkReferences(value as WorkflowDocument, findings);
  return findings.all;
}

function dialectSafely(value: Json): 'specification' | 'original' {
  try {
    return dialectOf(value as WorkflowDocument);
  } catch {
    // No document at all: what is wrong with it will be told.
    return 'specification';
  }
}

/** A finding in a text, with its place and its path as a person reads it. */
export interface TextFinding extends Finding, Place {
  readonly pathText: string;
}

export interface TextValidation {
  /** The document, when there is no error. */
  readonly document: WorkflowDocument | undefined;
  /** In the order of the text. */
  readonly findings: readonly TextFinding[];
}

/** Reads and checks a document's text, YAML or JSON. */
export function validateText(text: string): TextValidation {
  const source = readSource(text);
  const found = source.value === undefined ? source.findings : validateDocument(source.value).map((finding) => ({ ...finding, ...source.locate(finding.path) }));
  const findings = found.map((finding) => ({ ...finding, pathText: pathText(finding.path) })).sort((a, b) => a.line - b.line || a.column - b.column);
  const valid = findings.every(({ severity }) => severity === 'warning');
  return { document: valid ? (source.value as WorkflowDocument) : undefined, findings };
}
