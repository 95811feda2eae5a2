// A real provider of OpenID Connect, in which anybody is whoever they say, and a proxy in front of the program, so that its address is
// known before it starts.
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";

export const CLIENT = "backstitch";
export const SECRET = "a-secret-of-this-test-alone";

/** The groups of those who have any. */
const GROUPS: Record<string, string[]> = {
  ann: ["platform"],
  wim: ["web"],
  vera: ["staff"],
};

export type Peer = { url: string; stop: () => Promise<void> };

/** A provider that sends browsers back there. */
export async function provider(redirect: string): Promise<Peer> {
  const server = createServer((asked, answer) => handle?.(asked, answer));
  let handle: ReturnType<Provider["callback"]> | undefined;
  const url = await listen(server);
  const provider = new Provider(url, {
    clients: [
      {
        client_id: CLIENT,
        client_secret: SECRET,
        redirect_uris: [redirect],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    cookies: { keys: ["of this test alone"] },
    claims: { openid: ["sub"], profile: ["preferred_username"], groups: ["groups"] },
    scopes: ["openid", "profile", "groups"],
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, groups: GROUPS[id] ?? [] }),
    }),
  });
  handle = provider.callback();
  return { url, stop: () => stop(server) };
}

/** Something at an address that hands everything on to another, once that is known. */
export async function proxy(): Promise<Peer & { to: (url: string) => void }> {
  let target = "";
  const server = createServer((asked, answer) => {
    const onward = request(target + asked.url, { method: asked.method, headers: asked.headers }, (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      given.pipe(answer);
    });
    answer.on("close", () => onward.destroy());
    onward.on("error", () => answer.destroy());
    asked.pipe(onward);
  });
  const url = await listen(server);
  return { url, to: (url) => (target = url), stop: () => stop(server) };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
}
