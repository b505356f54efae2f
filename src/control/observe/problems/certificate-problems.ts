// Certificates that TLS checks saw and that end soon.
import type { Found } from "./problem-list.ts";

type EndingCertificate = {
  readonly pool: string;
  readonly backend: string;
  /** `its certificate ends at …`; null: it does not end soon. */
  readonly warning: string | null;
};

export function certificateProblems(certificates: readonly EndingCertificate[]): readonly Found[] {
  return certificates.flatMap(({ pool, backend, warning }) => {
    if (warning === null) return [];
    const subject = `${pool}/${backend}`;
    const message = `${subject}: ${warning}`;
    const hint = "renew it; this problem ends with the next check that gets the new one";
    return [{ severity: "warning", code: "certificate-ends", subject, message, hint }];
  });
}
