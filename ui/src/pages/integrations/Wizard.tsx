// Adding a Backstage, or changing one, step by step: where, how it is reached, how it is mapped, what it answers, and exactly what
// is written. What is secret stays in this page: in no address, and in nothing that outlives it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { postPatiently, put } from "../../api/client";
import { integrations, mapping as mappingOf } from "../../api/queries";
import type {
  Integration,
  IntegrationPlan,
  Integrations,
  IntegrationTested,
  IntegrationWritten,
  Mapping,
} from "../../api/types";
import { Answer } from "../../parts/Answer";
import { Empty, Failure } from "../../parts/States";
import { Connection } from "./Connection";
import { data, type Draft, EMPTY, path, type Place, standing } from "./draft";
import { MappingStep } from "./MappingStep";
import { NotEnabled } from "./NotEnabled";
import { Plan } from "./Plan";
import { Reads } from "./Reads";
import { Tested } from "./Tested";
import { Where } from "./Where";

/** How long a test may take, in milliseconds: half a minute at the server, and the way there. */
const TEST_PATIENCE = 50_000;

const STEPS = ["Where", "Connection", "Mapping", "Test", "Write", "Done"] as const;

const route = getRouteApi("/integrations/edit/$name");

export function AddIntegration() {
  return (
    <>
      <h1>Add Backstage</h1>
      <Answer of={useQuery(integrations)} rows={6}>
        {(found) => (found.enabled ? <Wizard found={found} of={undefined} mapping={undefined} /> : <NotEnabled />)}
      </Answer>
    </>
  );
}

export function EditIntegration() {
  const { name } = route.useParams();
  return (
    <>
      <h1>Edit {name}</h1>
      <Answer of={useQuery({ ...integrations, staleTime: 0 })} rows={6}>
        {(found) => {
          const of = found.instances.find((it) => it.name === name);
          if (!found.enabled) {
            return <NotEnabled />;
          }
          return of?.editable ? (
            <Edited found={found} of={of} />
          ) : (
            <Empty title={of ? "It cannot be changed here" : `There is no ${name}`}>
              {of?.why_not ?? "It may have been removed meanwhile."}
            </Empty>
          );
        }}
      </Answer>
    </>
  );
}

function Edited({ found, of }: { found: Integrations; of: Integration }) {
  // Its mapping is known once it was read; without it the settings are shown as a text.
  const mapping = useQuery({ ...mappingOf(of.name), retry: false });
  return mapping.isPending ? null : <Wizard key={of.name} found={found} of={of} mapping={mapping.data} />;
}

type Props = { found: Integrations; of: Integration | undefined; mapping: Mapping | undefined };

function Wizard({ found, of, mapping }: Props) {
  const places = found.places;
  const permitted = places.find((it) => it.permitted) ?? places[0];
  const [step, setStep] = useState(of ? 1 : 0);
  const [place, setPlace] = useState<Place>(() =>
    of?.secret
      ? { cluster: of.secret.cluster, namespace: of.secret.namespace, name: of.secret.name }
      : { cluster: permitted?.cluster ?? "", namespace: permitted?.namespace ?? "", name: "backstage" },
  );
  const [draft, setDraft] = useState<Draft>(() => (of ? standing(of, mapping) : EMPTY));
  // What was looked at is what is changed, whatever becomes of it meanwhile.
  const [version] = useState(of?.secret?.version);
  const [keys] = useState(of?.secret?.keys ?? []);
  const client = useQueryClient();
  const heading = useRef<HTMLHeadingElement>(null);
  const first = useRef(true);

  useEffect(() => {
    if (first.current) {
      first.current = false;
    } else {
      heading.current?.focus();
    }
  }, [step]);

  const body = { ...place, data: data(draft, keys) };
  const test = useMutation({
    mutationFn: () => postPatiently<IntegrationTested>("/integrations/test", body, TEST_PATIENCE),
  });
  const plan = useMutation({
    mutationFn: () => postPatiently<IntegrationPlan>("/integrations/plan", body, TEST_PATIENCE),
  });
  const write = useMutation({
    mutationFn: () =>
      put<IntegrationWritten>(path(place), version ? { version, data: body.data } : { data: body.data }),
    onSuccess: async () => {
      // What was secret is not needed any more.
      setDraft({ ...draft, given: {} });
      setStep(5);
      await client.invalidateQueries({ queryKey: ["integrations", "list"] });
    },
  });

  function go(to: number): void {
    setStep(to);
    if (to === 3) {
      test.mutate();
    }
    if (to === 4) {
      plan.mutate();
    }
  }

  const chosen = places.find((it) => it.cluster === place.cluster && it.namespace === place.namespace);
  const last = step === 5;
  return (
    <div className="wizard">
      <ol className="wizard-steps" aria-label="Steps">
        {STEPS.map((label, at) => (
          <li key={label} aria-current={at === step ? "step" : undefined} className={at < step ? "passed" : undefined}>
            {label}
          </li>
        ))}
      </ol>
      <form
        autoComplete="off"
        aria-label={STEPS[step]}
        onSubmit={(event) => {
          event.preventDefault();
          if (step === 4) {
            write.mutate();
          } else {
            go(step + 1);
          }
        }}
      >
        <h2 ref={heading} tabIndex={-1}>
          {TITLES[step]}
        </h2>
        {step === 0 ? <Where found={found} place={place} chosen={chosen} change={setPlace} /> : null}
        {step === 1 ? <Connection draft={draft} keys={keys} change={setDraft} /> : null}
        {step === 2 ? (
          <MappingStep draft={draft} cluster={place.cluster} clusters={found.clusters} change={setDraft} />
        ) : null}
        {step === 3 ? <Tested test={test} again={() => test.mutate()} /> : null}
        {step === 4 ? <Plan plan={plan} again={() => plan.mutate()} /> : null}
        {step === 5 ? <Reads name={of?.name ?? place.name} /> : null}
        {step === 4 && write.isError ? <Failure error={write.error} /> : null}
        <div className="actions">
          {last ? (
            <Link to="/integrations" className="button primary">
              All integrations
            </Link>
          ) : (
            <>
              <Link to="/integrations" className="button">
                Cancel
              </Link>
              <button
                type="button"
                className="button"
                disabled={step === (of ? 1 : 0) || write.isPending}
                onClick={() => setStep(step - 1)}
              >
                Back
              </button>
              <button type="submit" className="button primary" disabled={waits()}>
                {next()}
              </button>
            </>
          )}
        </div>
      </form>
    </div>
  );

  function waits(): boolean {
    return (
      (step === 0 && !chosen?.permitted) ||
      (step === 3 && test.isPending) ||
      (step === 4 && (!plan.isSuccess || write.isPending))
    );
  }

  function next(): string {
    switch (step) {
      case 2:
        return "Test the connection";
      case 3:
        return test.data?.ok || test.isPending ? "Show what is written" : "Go on all the same";
      case 4:
        return write.isPending
          ? "Writing…"
          : plan.data && !plan.data.creates
            ? "Change the Secret"
            : "Create the Secret";
      default:
        return "Next";
    }
  }
}

const TITLES = [
  "Where is its Secret kept?",
  "How is it reached?",
  "How is it mapped?",
  "What does it answer?",
  "What is written?",
  "It is written",
];
