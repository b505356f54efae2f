// Names the keys that a terminal sends (ECMA-48, xterm): `up`, `page-down`, `escape`, or the character.

const NAMED: Readonly<Record<string, string>> = {
  A: "up",
  B: "down",
  H: "home",
  F: "end",
  "1~": "home",
  "4~": "end",
  "5~": "page-up",
  "6~": "page-down",
  "7~": "home",
  "8~": "end",
};

const CONTROL: Readonly<Record<string, string>> = {
  "\u0003": "ctrl-c",
  "\u000c": "ctrl-l",
  "\u001a": "ctrl-z",
  "\u001b": "escape",
  "\u007f": "backspace",
  "\b": "backspace",
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
};

// An escape sequence with its end, or one character.
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what keys are made of.
const SEQUENCE = /\u001b(?:\[|O)([\d;]*[~A-Za-z])|[\s\S]/gu;

/** The keys of what was read at once. A sequence that says nothing to us is no key. */
export function keysOf(text: string): readonly string[] {
  return [...text.matchAll(SEQUENCE)].flatMap(([all, sequence]) => {
    if (sequence !== undefined) return NAMED[sequence] ?? [];
    return CONTROL[all] ?? all;
  });
}
