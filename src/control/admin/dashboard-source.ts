// Runs when the binary is built, as a macro: the page's parts as they stand in dashboard/, its script
// bundled. A macro must not call Bun.build (Bun 1.4.5), so the bundler is a child.
import { readFileSync } from "node:fs";
import { join } from "node:path";

type DashboardSource = {
  readonly page: string;
  readonly style: string;
  readonly script: string;
};

export function readDashboard(): DashboardSource {
  const folder = join(import.meta.dir, "dashboard");
  const textOf = (name: string) => readFileSync(join(folder, name), "utf8");
  const command = [process.execPath, "build", join(folder, "main.ts"), "--target=browser"];
  const { success, stdout, stderr } = Bun.spawnSync(command);
  if (!success) throw new Error(`the dashboard's script: ${stderr.toString()}`);
  return {
    page: textOf("page.html"),
    style: textOf("look.css") + textOf("layout.css"),
    script: stdout.toString(),
  };
}
