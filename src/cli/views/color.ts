// Colours a text where its descriptor may have colour.
import { styleText } from "node:util";
import { hasColor } from "../../os/terminal.ts";

export type Style = Parameters<typeof styleText>[0];

export function color(fd: 1 | 2, style: Style, text: string): string {
  return hasColor(fd) ? styleText(style, text, { validateStream: false }) : text;
}
