// What a release's binary is made of, as CycloneDX 1.5: the packages in it and the runtime of its
// platform, with the integrity that the lock files have.
//
//   bun .github/sbom.ts @oven/bun-linux-x64-baseline > bal-linux-x64.cdx.json

import { dependencies, license, name, version } from "../package.json";
import packages from "../package-lock.json";
import runtimes from "./runtime/package-lock.json";

type Entry = {
  readonly version: string;
  readonly integrity?: string;
  readonly license?: string;
};

const [runtime] = process.argv.slice(2);
const found = component(runtime ?? "", runtimes.packages);
const components = [
  ...Object.keys(dependencies).map((dependency) => component(dependency, packages.packages)),
  found,
];

console.log(
  JSON.stringify(
    {
      bomFormat: "CycloneDX",
      specVersion: "1.5",
      version: 1,
      metadata: {
        component: {
          type: "application",
          "bom-ref": `pkg:generic/${name}@${version}`,
          name,
          version,
          licenses: [{ license: { id: license } }],
        },
      },
      components,
      dependencies: [
        {
          ref: `pkg:generic/${name}@${version}`,
          dependsOn: components.map((one) => one["bom-ref"]),
        },
      ],
    },
    null,
    2,
  ),
);

function component(packageName: string, lock: Readonly<Record<string, unknown>>) {
  const entry = lock[`node_modules/${packageName}`] as Entry | undefined;
  if (entry?.integrity === undefined) throw new Error(`no integrity is locked of ${packageName}`);
  const [algorithm = "", digest = ""] = entry.integrity.split("-");
  const purl = `pkg:npm/${packageName.replace("@", "%40")}@${entry.version}`;
  return {
    type: "library",
    "bom-ref": purl,
    name: packageName,
    version: entry.version,
    purl,
    hashes: [
      {
        alg: algorithm.replace("sha", "SHA-"),
        content: Buffer.from(digest, "base64").toString("hex"),
      },
    ],
    ...(entry.license !== undefined && { licenses: [{ license: { id: entry.license } }] }),
  };
}
