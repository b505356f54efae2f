// `bal schema`: the config's JSON Schema, for editors.
import { defineCommand } from "citty";
import { schemaText } from "../../config/schema/json-schema.ts";
import type { ExitCode } from "../exit.ts";
import { say } from "../output.ts";

export const schema = defineCommand({
  meta: { name: "schema", description: "Print the JSON Schema of the config, for editors" },
  run(): ExitCode {
    say(1, schemaText());
    return 0;
  },
});
