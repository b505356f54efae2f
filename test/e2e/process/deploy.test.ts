// The files that ship beside the binary parse, hold together, and have configs that bal takes.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { Glob } from "bun";
import { parseAllDocuments, parse as parseYaml } from "yaml";
import { parseDuration } from "../../../src/base/units.ts";
import { balBinary, runBal } from "../../support/bal.ts";
import { yamlBlocks } from "../../support/yaml-blocks.ts";

setDefaultTimeout(30_000);

const root = resolve(import.meta.dir, "../../..");
const textOf = (file: string) => readFileSync(join(root, file), "utf8");
const yamlOf = (file: string): any => parseYaml(textOf(file));

async function errorsOf(config: string): Promise<readonly unknown[]> {
  const { stdout } = await runBal(["check", "-c", "-", "--json"], { stdin: config });
  return JSON.parse(stdout).errors;
}

const yamls = ["deploy/**/*.{yaml,yml}", ".github/**/*.yml", ".pre-commit-hooks.yaml"].flatMap(
  (pattern) => [...new Glob(pattern).scanSync({ cwd: root, dot: true })],
);

test.each(yamls)("%s is YAML", (file) => {
  for (const document of parseAllDocuments(textOf(file))) {
    expect("errors" in document ? [document.errors, document.warnings] : []).toEqual([[], []]);
  }
});

test("the smallest config is one", async () => {
  expect(await errorsOf(textOf("deploy/first.yaml"))).toEqual([]);
});

describe("Kubernetes", () => {
  const objects = parseAllDocuments(textOf("deploy/kubernetes.yaml")).map((document): any =>
    (document as { toJS(): unknown }).toJS(),
  );
  const [configMap, deployment, service, budget] = objects;
  const text: string = configMap.data["config.yaml"];
  const config = parseYaml(text);
  const { spec } = deployment.spec.template;
  const [container] = spec.containers;
  const portOf = (name: string) =>
    container.ports.find((port: any) => port.name === name)?.containerPort;

  test("is what it takes, in this order", () => {
    expect(objects.map(({ kind }) => kind)).toEqual([
      "ConfigMap",
      "Deployment",
      "Service",
      "PodDisruptionBudget",
      "NetworkPolicy",
    ]);
  });

  test("has a config that check takes", async () => {
    expect(await errorsOf(text)).toEqual([]);
  });

  test("probes where the admin listens, and serves what the config listens on", () => {
    expect(config.admin.listen).toBe(`0.0.0.0:${portOf("admin")}`);
    expect(container.livenessProbe.httpGet).toEqual({ path: "/livez", port: "admin" });
    expect(container.readinessProbe.httpGet).toEqual({ path: "/readyz", port: "admin" });
    for (const { name, port, targetPort } of service.spec.ports) {
      expect(portOf(targetPort)).toBe(port);
      expect(config.listeners).toContainEqual({ name, port, pool: expect.any(String) });
    }
  });

  test("leaves it the time to drain", () => {
    const { drain_delay, shutdown } = config.timeouts;
    const needed = parseDuration(drain_delay)! + parseDuration(shutdown)!;
    expect(spec.terminationGracePeriodSeconds * 1000).toBeGreaterThan(needed);
  });

  test("selects its own pods, and mounts what is there", () => {
    const { labels } = deployment.spec.template.metadata;
    const selectors = [deployment.spec.selector.matchLabels, budget.spec.selector.matchLabels];
    for (const selector of [...selectors, service.spec.selector]) expect(selector).toEqual(labels);
    const volumes = spec.volumes.map(({ name }: any) => name).sort();
    expect(container.volumeMounts.map(({ name }: any) => name).sort()).toEqual(volumes);
    expect(container.volumeMounts.some((mount: any) => "subPath" in mount)).toBe(false);
    expect(container.volumeMounts[0].mountPath).toBe(dirname(container.args[2]));
    expect(dirname(config.admin.token_file)).toBe(container.volumeMounts[1].mountPath);
  });
});

describe("the Dockerfile", () => {
  const lines = textOf("deploy/Dockerfile")
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line !== "");
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith("FROM ")));
  const instruction = (name: string) =>
    last.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);

  test("makes an image without root, with a check, and words that need no shell", () => {
    expect(instruction("USER")).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(instruction("STOPSIGNAL")).toBe("SIGTERM");
    expect(JSON.parse(instruction("ENTRYPOINT")!)).toEqual(["/usr/local/bin/bal"]);
    expect(JSON.parse(instruction("CMD")!)).toEqual(["start", "-c", "/etc/bal/config.yaml"]);
    const [, check] = /CMD (\[.*\])$/.exec(instruction("HEALTHCHECK")!) ?? [];
    expect(JSON.parse(check!)).toEqual(["/usr/local/bin/bal", "status", "--json"]);
    const images = lines.filter((line) => line.startsWith("FROM "));
    expect(images.filter((line) => !/^FROM \S+:(?!latest)\S+/.test(line))).toEqual([]);
  });

  test("copies what is there, and what its own list lets through", () => {
    const sources = lines
      .filter((line) => line.startsWith("COPY ") && !line.includes("--from"))
      .flatMap((line) => line.split(" ").slice(1, -1))
      .map((source) => source.replace(/^\.\//, ""));
    expect(sources.length).toBeGreaterThan(5);
    expect(sources.filter((source) => !existsSync(join(root, source)))).toEqual([]);
    const passed = textOf("deploy/Dockerfile.dockerignore").match(/^!.*$/gm)!;
    expect(passed.map((line) => line.slice(1)).sort()).toEqual([...sources].sort());
  });
});

describe("the release workflow", () => {
  const workflow = yamlOf(".github/workflows/release.yml");
  const platforms: any[] = workflow.jobs.build.strategy.matrix.include;

  test("builds for each platform that install.sh may ask for", () => {
    const cpus = ["x64", "arm64"];
    const wanted = cpus.flatMap((cpu) => [`linux-${cpu}`, `linux-${cpu}-musl`, `darwin-${cpu}`]);
    expect(platforms.map(({ platform }) => platform).sort()).toEqual(wanted.sort());
    for (const { platform, target } of platforms) {
      expect(target.replace(/-baseline$/, "")).toBe(`bun-${platform}`);
    }
    expect(textOf("deploy/install.sh")).toContain("archive=bal-$platform.tar.gz");
    const steps: any[] = workflow.jobs.build.steps;
    expect(steps.some(({ run }) => /tar .*bal-\$\{\{ matrix\.platform }}\.tar\.gz/.test(run))).toBe(
      true,
    );
  });

  test("takes each runtime from a package whose integrity is locked", () => {
    const { packages } = JSON.parse(textOf(".github/runtime/package-lock.json"));
    const { dependencies } = JSON.parse(textOf("package.json"));
    for (const { runtime } of platforms) {
      const { integrity } = packages[`node_modules/@oven/${runtime}`];
      expect(integrity).toStartWith("sha512-");
      const command = ["bun", ".github/sbom.ts", `@oven/${runtime}`];
      const { stdout } = Bun.spawnSync(command, { cwd: root });
      const { components } = JSON.parse(stdout.toString());
      const names = components.map(({ name }: { name: string }) => name);
      expect(names).toEqual([...Object.keys(dependencies), `@oven/${runtime}`]);
    }
    const locked: any[] = Object.entries(JSON.parse(textOf("package-lock.json")).packages);
    const open = locked.filter(([name, { integrity }]) => name !== "" && integrity === undefined);
    expect(open.map(([name]) => name)).toEqual([]);
  });

  test("and ci name each action by its commit", () => {
    for (const file of ["ci", "release"]) {
      const uses = textOf(`.github/workflows/${file}.yml`).match(/uses: .*/g) ?? [];
      expect(uses.filter((line) => !/@[0-9a-f]{40} # v\d/.test(line))).toEqual([]);
    }
  });

  test("writes its repository into the script that installs", () => {
    const { run } = workflow.jobs.publish.steps.find(({ name }: any) => name?.startsWith("sums"));
    const folder = mkdtempSync(join(tmpdir(), "bal-release-"));
    try {
      const commands = `mkdir release deploy && touch release/bal-x.tar.gz && cp ${root}/deploy/install.sh deploy/\n${run}`;
      const env = { PATH: process.env.PATH!, GITHUB_REPOSITORY: "someone/bal" };
      const { status } = spawnSync("bash", ["-e", "-c", commands], { cwd: folder, env });
      expect(status).toBe(0);
      const script = readFileSync(join(folder, "release/install.sh"), "utf8");
      expect(script).toContain("\ndefault_repository=someone/bal\n");
      expect(readFileSync(join(folder, "release/SHA256SUMS"), "utf8")).toMatch(
        /^[0-9a-f]{64} {2}bal-x/,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

test("the pre-commit hook judges each file that it is given", () => {
  const [hook] = yamlOf(".pre-commit-hooks.yaml");
  const isMeant = new RegExp(hook.files);
  const names = ["bal.yaml", "a/bal.yml", "bal/x.yaml", "bal/a/b.yml", "cabal.yaml", "x.yaml"];
  expect(names.filter((name) => isMeant.test(name))).toEqual(names.slice(0, 4));
  const folder = mkdtempSync(join(tmpdir(), "bal-hook-"));
  try {
    writeFileSync(join(folder, "good one.yaml"), textOf("deploy/first.yaml"));
    writeFileSync(join(folder, "bad.yaml"), "prot: 1\n");
    const judge = (...files: readonly string[]) =>
      spawnSync("sh", ["-c", `${hook.entry} "$@"`, "pre-commit", ...files], {
        cwd: folder,
        encoding: "utf8",
        env: { PATH: `${dirname(balBinary())}:${process.env.PATH}`, HOME: folder },
      });
    expect(judge("good one.yaml", "good one.yaml").status).toBe(0);
    const { status, stderr } = judge("bad.yaml", "good one.yaml");
    expect(status).toBe(1);
    expect(stderr).toContain("bad.yaml:1:1");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.each([
  ["deploy/ci/github-actions.yml", (recipe: any) => recipe.jobs.check.steps.at(-1).run],
  ["deploy/ci/gitlab-ci.yml", (recipe: any) => recipe["bal-check"].script.at(-1)],
])("%s runs a command that there is", async (file, commandOf) => {
  const [, ...words] = (commandOf(yamlOf(file)) as string).split(" ");
  const { code, stderr } = await runBal(words);
  expect(code).toBe(1);
  expect(stderr).toContain("there is no such file");
});

describe("beyond one machine", () => {
  const [block] = yamlBlocks().filter(({ page }) => page === "docs/high-availability.md");
  const { listen } = parseYaml(block!.text).admin;

  test.each(["deploy/keepalived/keepalived.conf", "deploy/bird/bal-announce.sh"])(
    "%s asks where the book's config listens",
    (file) => {
      const asked = [...textOf(file).matchAll(/http:\/\/(\S+?)\/readyz/g)].map(([, at]) => at);
      expect(asked).toEqual([listen]);
    },
  );

  test.skipIf(Bun.which("shellcheck") === null)(
    "shellcheck has nothing against the script (where it is)",
    () => {
      const script = join(root, "deploy/bird/bal-announce.sh");
      const { stdout, status } = spawnSync("shellcheck", [script], { encoding: "utf8" });
      expect({ stdout, status }).toEqual({ stdout: "", status: 0 });
    },
  );

  test.skipIf(Bun.which("systemd-analyze") === null)(
    "systemd has nothing against its unit (where it is installed)",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "bal-announce-"));
      try {
        const file = join(folder, "bal-announce.service");
        // Programs that are here, in place of those of the host that it is for.
        const unit = textOf("deploy/bird/bal-announce.service")
          .replace(/(?<=^ExecStart=).*$/m, join(root, "deploy/bird/bal-announce.sh"))
          .replace("/usr/sbin/birdc", "/bin/true");
        writeFileSync(file, unit);
        const options = ["verify", "--man=no", file];
        const env = { ...process.env, XDG_RUNTIME_DIR: folder };
        const { stderr, status } = spawnSync("systemd-analyze", options, { encoding: "utf8", env });
        expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});
