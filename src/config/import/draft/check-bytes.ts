// Bytes of a health check as the config writes them.

/** Longer ones are no value of the config. */
const MOST = 1024;

/** Characters 0 to 255, one for each byte → a text where it can be one, else `hex:…`. Null: too long. */
export function bytesText(bytes: string): string | null {
  const isText = /^[\t\r\n -~]*$/.test(bytes) && !bytes.startsWith("hex:");
  const text = isText ? bytes : hexText(Buffer.from(bytes, "latin1").toString("hex"));
  return text.length <= MOST ? text : null;
}

function hexText(digits: string): string {
  return `hex:${digits.toLowerCase()}`;
}

/** Bytes of `hex` digits, as characters 0 to 255; null: they are none. */
export function fromHex(digits: string): string | null {
  const plain = digits.replaceAll(/\s/g, "");
  const isHex = /^(?:[0-9a-f]{2})+$/i.test(plain);
  return isHex ? Buffer.from(plain, "hex").toString("latin1") : null;
}

/** Statuses that pass, `200-299, 401`, of those that a test accepts. */
export function statusRanges(passes: (status: string) => boolean): string {
  const ranges: [number, number][] = [];
  for (let status = 100; status <= 599; status++) {
    if (!passes(String(status))) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === status - 1) last[1] = status;
    else ranges.push([status, status]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
}
