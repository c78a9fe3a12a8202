import {styleText} from 'node:util';
import type {Output} from '../context.ts';

type Style = Parameters<typeof styleText>[0];

/** Colours on a terminal, plain text elsewhere. */
export function paint({isTTY}: Output, style: Style, text: string): string {
  return isTTY ? styleText(style, text) : text;
}
