// Lists of addresses (allow, deny, trusted): blocks that are hardly meant as they are written.
import { networkOf } from "../../base/address.ts";
import type { WrittenConfig } from "../read/raw-config.ts";
import type { Report } from "../report.ts";

type Blocks = readonly (string | undefined)[];

export function validateAccess({ listeners = [] }: WrittenConfig, report: Report): void {
  for (const [index, listener] of listeners.entries()) {
    const path = `listeners[${index}]`;
    const { allow = [], deny = [], proxy_protocol } = listener ?? {};
    validateHostBits(allow, `${path}.allow`, report);
    validateHostBits(deny, `${path}.deny`, report);
    validateHostBits(proxy_protocol?.trusted ?? [], `${path}.proxy_protocol.trusted`, report);
    validateDeny(deny, `${path}.deny`, report);
  }
}

function validateHostBits(blocks: Blocks, path: string, report: Report): void {
  for (const [index, block] of blocks.entries()) {
    const network = block === undefined ? block : networkOf(block);
    if (network === block || network === undefined) continue;
    report.warn(`${path}[${index}]`, {
      code: "host-bits",
      message: `${block} means the whole block ${network}`,
      hint: `write ${network}, or ${block?.split("/")[0]} for the address alone`,
    });
  }
}

function validateDeny(deny: Blocks, path: string, report: Report): void {
  const index = deny.findIndex((block) => block?.endsWith("/0"));
  if (index < 0) return;
  const family = deny[index]?.includes(":") ? "IPv6" : "IPv4";
  report.warn(`${path}[${index}]`, {
    code: "denies-everybody",
    message: `every ${family} client is refused: \`deny\` wins over \`allow\``,
    hint: "leave it out: with `allow`, all other addresses are refused anyway",
  });
}
