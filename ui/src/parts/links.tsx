// Links to the pages of Services, components and owners, wherever they are named.
import { Link } from "@tanstack/react-router";
import { reference, serviceName, shortReference } from "../api/paths";
import { KindIcon } from "./KindIcon";

export function ServiceLink({ id, whole = false }: { id: string; whole?: boolean }) {
  const { cluster, namespace, name } = serviceName(id);
  return (
    <Link to="/services/$cluster/$namespace/$name" params={{ cluster, namespace, name }} className="name">
      {whole ? (
        <>
          <span className="quiet">
            {cluster}/{namespace}/
          </span>
          {name}
        </>
      ) : (
        name
      )}
    </Link>
  );
}

export function ComponentLink({ of, children }: { of: string; children?: React.ReactNode }) {
  return (
    <Link to="/components/$ref" params={{ ref: of }} className="name">
      {children ?? shortReference(of)}
    </Link>
  );
}

export function OwnerLink({ of, children }: { of: string; children?: React.ReactNode }) {
  const { kind } = reference(of);
  return (
    <Link to="/owners/$ref" params={{ ref: of }} className="name">
      <KindIcon kind={kind} />
      {children ?? shortReference(of)}
    </Link>
  );
}
