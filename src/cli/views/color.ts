// Colour, where it is wanted: on a terminal, without NO_COLOR.
import { isatty } from "node:tty";
import { styleText } from "node:util";

export type Style = Parameters<typeof styleText>[0];

export function hasColour(fd: 1 | 2): boolean {
  const { NO_COLOR, TERM, CI } = process.env;
  return isatty(fd) && !NO_COLOR && !CI && TERM !== "dumb";
}

export function paint(fd: 1 | 2, style: Style, text: string): string {
  return hasColour(fd) ? styleText(style, text, { validateStream: false }) : text;
}
