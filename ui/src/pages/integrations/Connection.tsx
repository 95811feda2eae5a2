// How a Backstage is reached. A secret that is there is never shown: it stays, is given anew, or is taken away.
import { useId } from "react";
import type { Draft, SecretKey } from "./draft";

type Props = { draft: Draft; keys: string[]; change: (draft: Draft) => void };

export function Connection({ draft, keys, change }: Props) {
  const of = { draft, keys, change };
  const further = (["ca.crt", "client.crt", "client.key", "headers"] as const).some((key) => keys.includes(key));
  return (
    <div className="fields">
      <label>
        Address
        <input
          type="url"
          required
          value={draft.endpoint}
          placeholder="https://backstage.example.com"
          pattern="https?://.*"
          title="A URL with http:// or https://"
          maxLength={2000}
          spellCheck={false}
          onChange={(event) => change({ ...draft, endpoint: event.target.value })}
        />
        <span className="quiet">The base URL, as people open it in a browser.</span>
      </label>
      <Secret of={of} name="token" title="Token" means="It needs to read the catalog, and nothing else. Optional.">
        {(id) => (
          <input
            id={id}
            type="password"
            autoComplete="new-password"
            maxLength={60_000}
            value={draft.given.token ?? ""}
            onChange={(event) => change({ ...draft, given: { ...draft.given, token: event.target.value } })}
          />
        )}
      </Secret>
      <label className="check">
        <input
          type="checkbox"
          checked={draft.insecure}
          onChange={(event) => change({ ...draft, insecure: event.target.checked })}
        />
        <span>Accept any certificate. Whoever stands between can read the token.</span>
      </label>
      <details open={further}>
        <summary>Certificates and further headers</summary>
        <div className="fields">
          <Text of={of} name="ca.crt" title="Further root certificates" means="PEM, of an authority of your own." />
          <Text of={of} name="client.crt" title="Client certificate" means="PEM, for mutual TLS. With its key." />
          <Text of={of} name="client.key" title="Key of the client certificate" means="PEM." hidden />
          <Text of={of} name="headers" title="Further headers" means="YAML, one name and value a line." hidden />
        </div>
      </details>
    </div>
  );
}

type OfText = { of: Props; name: SecretKey; title: string; means: string; hidden?: boolean };

function Text({ of, name, title, means, hidden = false }: OfText) {
  const { draft, change } = of;
  return (
    <Secret of={of} name={name} title={title} means={means}>
      {(id) => (
        <textarea
          id={id}
          className={hidden ? "hidden-text" : undefined}
          rows={4}
          spellCheck={false}
          autoComplete="off"
          maxLength={200_000}
          placeholder={name === "headers" ? "X-Api-Key: …" : "-----BEGIN …"}
          value={draft.given[name] ?? ""}
          onChange={(event) => change({ ...draft, given: { ...draft.given, [name]: event.target.value } })}
        />
      )}
    </Secret>
  );
}

type OfSecret = {
  of: Props;
  name: SecretKey;
  title: string;
  means: string;
  children: (id: string) => React.ReactNode;
};

function Secret({ of: { draft, keys, change }, name, title, means, children }: OfSecret) {
  const id = useId();
  const there = keys.includes(name);
  const goes = draft.removed.includes(name);
  const given = name in draft.given;
  const without = { ...draft.given };
  delete without[name];
  if (!there) {
    return (
      <div className="field">
        <label htmlFor={id}>{title}</label>
        {children(id)}
        <span className="quiet">{means}</span>
      </div>
    );
  }
  return (
    <div className="field">
      {given ? <label htmlFor={id}>{title}</label> : <strong>{title}</strong>}
      {given ? children(id) : null}
      <span className="quiet">{given ? means : goes ? "It is taken away." : "One is there, and stays as it is."}</span>
      <span className="line-add">
        {given || goes ? (
          <button
            type="button"
            className="button small"
            onClick={() => change({ ...draft, given: without, removed: draft.removed.filter((key) => key !== name) })}
          >
            Keep the one that is there
          </button>
        ) : (
          <>
            <button
              type="button"
              className="button small"
              aria-label={`Replace: ${title}`}
              onClick={() => change({ ...draft, given: { ...draft.given, [name]: "" } })}
            >
              Replace
            </button>
            <button
              type="button"
              className="button small"
              aria-label={`Take away: ${title}`}
              onClick={() => change({ ...draft, removed: [...draft.removed, name] })}
            >
              Take away
            </button>
          </>
        )}
      </span>
    </div>
  );
}
