// Colour, where it is wanted: on a terminal, without NO_COLOR.
import { styleText } from "node:util";
import { isTerminal } from "../../os/terminal.ts";

export type Style = Parameters<typeof styleText>[0];

export function hasColor(fd: 1 | 2): boolean {
  const { NO_COLOR, TERM, CI } = process.env;
  return isTerminal(fd) && !NO_COLOR && !CI && TERM !== "dumb";
}

export function color(fd: 1 | 2, style: Style, text: string): string {
  return hasColor(fd) ? styleText(style, text, { validateStream: false }) : text;
}
