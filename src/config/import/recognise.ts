// Recognises another program's config by its first words alone.

/** What each is called. */
export const FOREIGN = {
  haproxy: "a config of HAProxy",
  nginx: "a config of nginx",
  traefik: "a config of Traefik",
  envoy: "a config of Envoy",
  gobetween: "a config of gobetween",
  caddy: "a config of Caddy",
  keepalived: "a config of keepalived",
  compose: "a Docker Compose file",
  kubernetes: "a Kubernetes manifest",
  toml: "a TOML file",
} as const;

export type ForeignConfig = keyof typeof FOREIGN;

const HAPROXY_SECTION =
  /^[ \t]*(?:global|defaults(?:[ \t]+\S+)*|(?:frontend|backend|listen|resolvers|peers)[ \t]+[^\s:{]+(?:[ \t]+\S+)*)[ \t]*(?:#.*)?\r?$/m;
const HAPROXY_LINE =
  /^[ \t]*(?:(?:bind|server|balance|option|default_backend|use_backend|default-server|nameserver|maxconn|log|stats|acl|retries|daemon|server-template|tcp-request)(?:[ \t]+[^\s:{][^{\n]*)?|mode[ \t]+(?:tcp|http)|timeout[ \t]+[a-z-]+[ \t]+\d\S*)[ \t]*\r?$/m;
const HAPROXY_BIND = /^[ \t]*bind[ \t]+\S+/m;

const NGINX_BLOCK =
  /^[ \t]*(?:stream|http|events|server|upstream[ \t]+[^\s:{]+|map[ \t]+[^\s:{]+[ \t]+[^\s:{]+)\s*\{/m;
const NGINX_DIRECTIVE =
  /(?:^|[{;])\s*(?:proxy_pass|listen|worker_processes|worker_connections|include|server|proxy_timeout|ssl_preread|load_module|user)[ \t]+[^\s:;{}][^;{}]*;/m;

/** Each line is enough, but where there are several in one list: all of them. */
const OTHERS: readonly (readonly [ForeignConfig, ...(readonly RegExp[])[]])[] = [
  [
    "traefik",
    [/^apiVersion:[ \t]*["']?traefik\./m],
    [/^[ \t]*kind:[ \t]*(?:IngressRouteTCP|MiddlewareTCP)\b/m],
    [/^[ \t]*rule[ \t]*[:=].*\bHostSNI(?:Regexp)?\(/m],
    [/^[ \t]*["']?entryPoints["']?:/m],
    [/^tcp:[ \t]*\r?\n(?:[ \t]*\r?\n)*[ \t]+(?:routers|services|middlewares|serversTransports):/m],
    [/^[ \t]*\[+(?:entryPoints|tcp\.(?:routers|services))\b/m],
  ],
  ["envoy", [/^static_resources:/m], [/\benvoy\.filters\.(?:network|listener)\./]],
  ["gobetween", [/^[ \t]*\[servers\.[\w-]+(?:\.\w+)?\]/m]],
  ["caddy", [/^[ \t]*layer4[ \t]*\{/m], [/"layer4"[ \t]*:/], [/^[ \t]*reverse_proxy[ \t]+\S/m]],
  ["keepalived", [/^[ \t]*(?:vrrp_instance|virtual_server|global_defs)\b[^:\n]*\{/m]],
  ["compose", [/^services:[ \t]*\r?$/m, /^[ \t]+(?:image|build):/m]],
  ["kubernetes", [/^apiVersion:/m, /^kind:/m]],
  ["toml", [/^[ \t]*\[{1,2}[A-Za-z][\w.-]*\]{1,2}[ \t]*\r?$/m, /^[ \t]*[A-Za-z][\w-]*[ \t]*=/m]],
];

/** Null: none of them, such as a config of bal's own. */
export function recogniseForeignConfig(text: string): ForeignConfig | null {
  const plain = text.replace(/^[ \t]*#.*$/gm, "");
  if (NGINX_BLOCK.test(plain) && (NGINX_DIRECTIVE.test(plain) || isBlockOnly(plain)))
    return "nginx";
  if (HAPROXY_SECTION.test(plain) && HAPROXY_LINE.test(plain)) return "haproxy";
  if (HAPROXY_SECTION.test(plain) && HAPROXY_BIND.test(plain)) return "haproxy";
  const other = OTHERS.find(([, ...signs]) =>
    signs.some((patterns) => patterns.every((pattern) => pattern.test(plain))),
  );
  if (other !== undefined) return other[0];
  // Lines of nginx's without a block around them, such as an included file.
  return /^\s*(?:proxy_pass|ssl_preread|worker_processes)[ \t]+[^;{}\n]+;/m.test(plain)
    ? "nginx"
    : null;
}

// A block of statements that end in semicolons, whatever they are.
function isBlockOnly(text: string): boolean {
  return /\{\s*(?:[^{}\s:]+[ \t]+[^{};:]+;\s*)+\}/.test(text);
}
