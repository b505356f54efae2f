// `bal schema`: the config's JSON Schema, for editors.
import { defineCommand } from "citty";
import { jsonSchema } from "../../config/schema/json-schema.ts";
import { type ExitCode, say } from "../exit.ts";

export const schema = defineCommand({
  meta: { name: "schema", description: "Print the config's JSON Schema, for editors" },
  run(): ExitCode {
    say(1, schemaText());
    return 0;
  },
});

/** As it is written beside a config. */
export function schemaText(): string {
  return JSON.stringify(jsonSchema(), null, 2);
}
