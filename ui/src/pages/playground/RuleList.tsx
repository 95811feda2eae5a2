// The rules in the order in which they are tried, and those that are not.
import type { ProblemFault } from "../../api/types";
import { Prose } from "../../parts/Prose";
import { RULES } from "../../parts/words";
import { LineButtons } from "./PathList";

/** Every rule that an instance may list. */
const ALL = ["service-name", "kubernetes-id-label", "label-selector", "component-name"];

export function RuleList({
  rules,
  faults,
  change,
}: {
  rules: string[];
  faults: ProblemFault[];
  change: (rules: string[]) => void;
}) {
  const left = ALL.filter((rule) => !rules.includes(rule));
  return (
    <fieldset>
      <legend>
        Rules <code className="quiet">match_rules</code>
      </legend>
      <p className="quiet">One is tried where those before it found nothing at all.</p>
      <ol className="editable">
        {rules.map((rule, at) => (
          <li key={rule}>
            <div className="line">
              <span className="rule">
                <code>{rule}</code>
                <span className="quiet">{RULES[rule]}</span>
              </span>
              <LineButtons list={rules} at={at} name={rule} change={change} />
            </div>
          </li>
        ))}
      </ol>
      {faults.map(({ detail, nearest }) => (
        <p className="line-fault" key={detail} role="alert">
          <span>
            <Prose text={nearest ? `${detail}; did you mean \`${nearest}\`?` : detail} />
          </span>
        </p>
      ))}
      {left.length > 0 ? (
        <div className="line-add">
          {left.map((rule) => (
            <button
              key={rule}
              type="button"
              className="button small"
              title={RULES[rule]}
              onClick={() => change([...rules, rule])}
            >
              Add {rule}
            </button>
          ))}
        </div>
      ) : null}
    </fieldset>
  );
}
