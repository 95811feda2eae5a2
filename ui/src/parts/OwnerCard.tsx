// Whom to call: the card that people come for at night.
import { safeLink, shortReference } from "../api/paths";
import type { Contact, OwnerContact } from "../api/types";
import { CopyButton } from "./CopyButton";
import { OwnerLink } from "./links";

const WAYS: Record<string, string> = {
  email: "E-mail",
  slack: "Slack",
  pagerduty: "PagerDuty",
  opsgenie: "Opsgenie",
  link: "Link",
};

export function OwnerCard({ owner }: { owner: OwnerContact }) {
  return (
    <div className="owner-card">
      <div className="owner-name">
        <OwnerLink of={owner.ref}>{owner.display_name}</OwnerLink>
        <code className="quiet">{owner.ref}</code>
      </div>
      <Contacts owner={owner} />
    </div>
  );
}

export function Contacts({ owner }: { owner: OwnerContact }) {
  const contacts = ways(owner);
  if (contacts.length === 0) {
    return <p className="quiet">The catalog says no way to reach them.</p>;
  }
  return (
    <>
      {owner.contacts_of ? (
        <p className="quiet">
          Contacts of <OwnerLink of={owner.contacts_of}>{shortReference(owner.contacts_of)}</OwnerLink>, the nearest
          group above that has some.
        </p>
      ) : null}
      <dl className="contacts">
        {contacts.map((contact) => (
          <div key={`${contact.kind} ${contact.value}`}>
            <dt>{WAYS[contact.kind] ?? contact.kind}</dt>
            <dd>
              <Way contact={contact} />
              <CopyButton text={contact.value} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

/** The most direct way to reach somebody. */
export function firstWay(owner: OwnerContact): Contact | undefined {
  return ways(owner)[0];
}

function ways(owner: OwnerContact): Contact[] {
  return [
    ...(owner.email ? [{ kind: "email", value: owner.email } as Contact] : []),
    ...(owner.contacts ?? []).filter((contact) => contact.value !== owner.email),
  ];
}

export function Way({ contact }: { contact: Contact }) {
  const link = contact.kind === "email" ? safeLink(`mailto:${contact.value}`) : safeLink(contact.value);
  const text = contact.title ?? contact.value;
  return link ? (
    <a href={link} rel="noreferrer noopener" target="_blank">
      {text}
    </a>
  ) : (
    <span>{text}</span>
  );
}
