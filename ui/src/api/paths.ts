// Names of things as the API and the addresses of pages write them.

export type ServiceName = { cluster: string; namespace: string; name: string };

/** The parts of `cluster/namespace/name`. Names of clusters may hold a slash, those of Kubernetes cannot. */
export function serviceName(id: string): ServiceName {
  const parts = id.split("/");
  const name = parts.pop() ?? "";
  const namespace = parts.pop() ?? "";
  return { cluster: parts.join("/"), namespace, name };
}

export type Reference = { kind: string; namespace: string; name: string };

/** The parts of `kind:namespace/name`. */
export function reference(text: string): Reference {
  const colon = text.indexOf(":");
  const slash = text.indexOf("/", colon + 1);
  return { kind: text.slice(0, colon), namespace: text.slice(colon + 1, slash), name: text.slice(slash + 1) };
}

/** As short as it can be said: without kind, and without the namespace where that is `default`. */
export function shortReference(text: string): string {
  const { kind, namespace, name } = reference(text);
  const short = namespace === "default" ? name : `${namespace}/${name}`;
  return kind === "user" ? `user:${short}` : short;
}

/** A link out of a catalog, where it is one that may be followed; a catalog's text is anybody's. */
export function safeLink(text: string): string | undefined {
  try {
    const url = new URL(text);
    return ["https:", "http:", "mailto:"].includes(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}
