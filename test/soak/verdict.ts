// What a script by hand found: figures as it goes, and an exit code at its end.

const wrong: string[] = [];

/** A figure, and whether it is as it must be. */
export function claim(what: string, value: unknown, isRight: boolean): void {
  console.log(`${isRight ? "ok   " : "WRONG"} ${what}: ${value}`);
  if (!isRight) wrong.push(what);
}

export function figure(what: string, value: unknown): void {
  console.log(`      ${what}: ${value}`);
}

/** Ends the process: 0 when every claim held. */
export function conclude(): never {
  console.log(wrong.length === 0 ? "all as it must be" : `wrong: ${wrong.join("; ")}`);
  process.exit(wrong.length === 0 ? 0 : 1);
}
