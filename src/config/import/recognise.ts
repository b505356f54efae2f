// Recognises another program's config by its first words alone.

export type ForeignConfig = "haproxy" | "nginx" | "traefik";

const HAPROXY_SECTION =
  /^[ \t]*(?:global|defaults(?:[ \t]+\S+)*|(?:frontend|backend|listen|resolvers|peers)[ \t]+[^\s:{]+(?:[ \t]+\S+)*)[ \t]*(?:#.*)?\r?$/m;
const HAPROXY_LINE =
  /^[ \t]*(?:(?:bind|server|balance|option|default_backend|use_backend|default-server|nameserver|maxconn|log|stats|acl|retries|daemon|server-template|tcp-request)(?:[ \t]+[^\s:{][^{\n]*)?|mode[ \t]+(?:tcp|http)|timeout[ \t]+[a-z-]+[ \t]+\d\S*)[ \t]*\r?$/m;
const HAPROXY_BIND = /^[ \t]*bind[ \t]+\S+/m;

const NGINX_BLOCK =
  /^[ \t]*(?:stream|http|events|server|upstream[ \t]+[^\s:{]+|map[ \t]+[^\s:{]+[ \t]+[^\s:{]+)\s*\{/m;
const NGINX_DIRECTIVE =
  /(?:^|[{;])\s*(?:proxy_pass|listen|worker_processes|worker_connections|include|server|proxy_timeout|ssl_preread|load_module|user)[ \t]+[^\s:;{}][^;{}]*;/m;

const TRAEFIK = [
  /^apiVersion:[ \t]*["']?traefik\./m,
  /^[ \t]*kind:[ \t]*(?:IngressRouteTCP|MiddlewareTCP)\b/m,
  /^[ \t]*rule[ \t]*[:=].*\bHostSNI(?:Regexp)?\(/m,
  /^[ \t]*["']?entryPoints["']?:/m,
  /^tcp:[ \t]*\r?\n(?:[ \t]*\r?\n)*[ \t]+(?:routers|services|middlewares|serversTransports):/m,
  /^[ \t]*\[+(?:entryPoints|tcp\.(?:routers|services))\b/m,
];

/** Null: none of them, such as a config of bal's own. */
export function recogniseForeignConfig(text: string): ForeignConfig | null {
  const plain = text.replace(/^[ \t]*#.*$/gm, "");
  if (NGINX_BLOCK.test(plain) && (NGINX_DIRECTIVE.test(plain) || isBlockOnly(plain)))
    return "nginx";
  if (HAPROXY_SECTION.test(plain) && HAPROXY_LINE.test(plain)) return "haproxy";
  if (HAPROXY_SECTION.test(plain) && HAPROXY_BIND.test(plain)) return "haproxy";
  if (TRAEFIK.some((pattern) => pattern.test(plain))) return "traefik";
  // Lines of nginx's without a block around them, such as an included file.
  return /^\s*(?:proxy_pass|ssl_preread|worker_processes)[ \t]+[^;{}\n]+;/m.test(plain)
    ? "nginx"
    : null;
}

// A block of statements that end in semicolons, whatever they are.
function isBlockOnly(text: string): boolean {
  return /\{\s*(?:[^{}\s:]+[ \t]+[^{};:]+;\s*)+\}/.test(text);
}
