// Colour, where it is wanted: on a terminal, without NO_COLOR.
import { isatty } from "node:tty";
import { styleText } from "node:util";

export type Style = Parameters<typeof styleText>[0];

export function hasColor(fd: 1 | 2): boolean {
  const { NO_COLOR, TERM, CI } = process.env;
  return isatty(fd) && !NO_COLOR && !CI && TERM !== "dumb";
}

export function color(fd: 1 | 2, style: Style, text: string): string {
  return hasColor(fd) ? styleText(style, text, { validateStream: false }) : text;
}
