// Warns of certificates that end soon, as a backend's TLS checks see them: once for each certificate.
import { expiryWarning } from "../health/certificate.ts";
import type { Log } from "../logs/log.ts";
import type { Backend } from "./backend.ts";

export class CertificateWarnings {
  private readonly log: Log;
  /** Ends of certificates that were warned of, by slot. */
  private readonly expiries = new Map<number, number>();

  constructor(log: Log) {
    this.log = log;
  }

  /** A check has seen the backend's certificate. */
  saw(backend: Backend, expiresAt: Date): void {
    backend.certificateEnds = expiresAt;
    if (this.expiries.get(backend.slot) === expiresAt.getTime()) return;
    const warning = expiryWarning(expiresAt, backend.expiryWarningMs);
    if (warning === null) return;
    this.expiries.set(backend.slot, expiresAt.getTime());
    const { pool, config } = backend;
    const fields = { pool, backend: config.name, expires_at: expiresAt.toISOString() };
    this.log.warn("certificate-expiry", `${pool}/${config.name}: ${warning}`, fields);
  }

  forget(slot: number): void {
    this.expiries.delete(slot);
  }
}
