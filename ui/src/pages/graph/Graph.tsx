// What is around a Service, a team or a namespace, drawn: who has what, what leads where, and what is not shown.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useState } from "react";
import type { GraphSearch } from "../../app/router";
import { shortReference } from "../../api/paths";
import { graph } from "../../api/queries";
import type { Graph as GraphAnswer } from "../../api/types";
import { Answer } from "../../parts/Answer";
import { Empty, Loading } from "../../parts/States";
import { count, counted } from "../../parts/time";
import { Canvas } from "./Canvas";
import { Chosen } from "./Chosen";
import { EdgeTable } from "./EdgeTable";
import { FocusSearch } from "./FocusSearch";
import { some } from "./kinds";
import { type Drawing, layOut } from "./layout";
import { Legend } from "./Legend";
import { colours, group } from "./owners";

const route = getRouteApi("/graph");

const DEPTHS = ["1", "2", "3"];
const MOST = 2_000;
const USUAL = 300;

export function Graph() {
  const search = route.useSearch();
  const { focus } = search;
  return (
    <>
      <div className="list-head">
        <h1>Graph</h1>
        {focus ? <FocusName focus={focus} /> : null}
      </div>
      {focus ? <Around focus={focus} search={search} /> : <Choose />}
    </>
  );
}

function Choose() {
  return (
    <div className="card graph-choose">
      <p>A graph begins somewhere: with a Service, a team, or what you find by the name of a workload or a pod.</p>
      <FocusSearch autoFocus />
    </div>
  );
}

function FocusName({ focus }: { focus: string }) {
  if (focus.startsWith("namespace:")) {
    return <span>namespace {focus.slice("namespace:".length)}</span>;
  }
  const isOwner = focus.startsWith("group:") || focus.startsWith("user:");
  return <span className="name">{isOwner ? `owner ${shortReference(focus)}` : focus}</span>;
}

function Around({ focus, search }: { focus: string; search: GraphSearch }) {
  const navigate = route.useNavigate();
  const depth = DEPTHS.includes(search.depth ?? "") ? Number(search.depth) : 2;
  const limit = search.limit === String(MOST) ? MOST : USUAL;
  const answer = useQuery(graph(focus, depth, limit));
  const change = useCallback(
    (to: GraphSearch) => void navigate({ search: (now) => ({ ...now, ...to }), replace: true }),
    [navigate],
  );
  return (
    <>
      <div className="graph-bar">
        <FocusSearch />
        <div className="steps" role="group" aria-label="Steps from the focus">
          {DEPTHS.map((steps) => (
            <button
              key={steps}
              type="button"
              className="button"
              aria-pressed={String(depth) === steps}
              onClick={() => change({ depth: steps })}
            >
              {steps}
            </button>
          ))}
          <span className="quiet">{depth === 1 ? "step" : "steps"}</span>
        </div>
        <button
          type="button"
          className="button"
          onClick={() => change({ as: search.as === "list" ? undefined : "list" })}
        >
          {search.as === "list" ? "As a drawing" : "As a list"}
        </button>
      </div>
      <Answer of={answer} rows={8}>
        {(found) =>
          found.nodes.length === 0 ? (
            <Empty title="Nothing is there">This owner has no Service of its own.</Empty>
          ) : (
            <Shown answer={found} search={search} depth={depth} limit={limit} change={change} />
          )
        }
      </Answer>
    </>
  );
}

type Props = {
  answer: GraphAnswer;
  search: GraphSearch;
  depth: number;
  limit: number;
  change: (to: GraphSearch) => void;
};

function Shown({ answer, search, depth, limit, change }: Props) {
  const palette = useMemo(
    () => colours(answer.nodes.map(({ owner }) => owner).filter((owner) => typeof owner === "string")),
    [answer],
  );
  const drawing = useDrawing(search.as === "list" ? undefined : answer);
  const chosen = answer.nodes.find(({ id }) => id === search.chosen);
  return (
    <>
      <NotShown answer={answer} depth={depth} limit={limit} change={change} />
      <Legend graph={answer} palette={palette} mark={search.mark} change={(mark) => change({ mark })} />
      {search.as === "list" ? (
        <EdgeTable graph={answer} mark={search.mark} />
      ) : (
        <div className={chosen ? "graph-stage with-panel" : "graph-stage"}>
          {drawing ? (
            <Canvas
              graph={answer}
              drawing={drawing}
              palette={palette}
              mark={search.mark}
              chosen={search.chosen}
              choose={(id) => change({ chosen: id })}
            />
          ) : (
            <Loading rows={6} />
          )}
          {chosen ? (
            <Chosen node={chosen} graph={answer} palette={palette} close={() => change({ chosen: undefined })} />
          ) : null}
        </div>
      )}
    </>
  );
}

/** The graph laid out; the one before stays until the next is there. */
function useDrawing(answer: GraphAnswer | undefined): Drawing | undefined {
  const [drawing, setDrawing] = useState<{ of: GraphAnswer; drawing: Drawing }>();
  useEffect(() => {
    if (!answer) {
      return;
    }
    let wanted = true;
    const things = answer.nodes.map((node) => ({ id: node.id, kind: node.kind, owner: group(node) }));
    void layOut(things, answer.edges).then((drawing) => {
      if (wanted) {
        setDrawing({ of: answer, drawing });
      }
    });
    return () => {
      wanted = false;
    };
  }, [answer]);
  return drawing && drawing.of === answer ? drawing.drawing : undefined;
}

function NotShown({ answer, depth, limit, change }: Omit<Props, "search">) {
  const cut = answer.hidden.filter(({ why }) => why === "limit");
  const far = answer.hidden.filter(({ why }) => why === "depth");
  const shown = `${counted(answer.nodes.length, "node")} and ${counted(answer.edges.length, "edge")}`;
  return (
    <div className="graph-said" role="status">
      <p>
        {shown} are shown
        {answer.hidden.length === 0 && !answer.truncated ? ": that is all there is." : ". "}
        {far.length > 0 ? (
          <>
            Not shown, since one step farther: {kinds(far)}
            {cut.length > 0 ? ". " : ""}
          </>
        ) : null}
        {cut.length > 0 ? (
          <strong>
            Left out, since {count(limit)} nodes are enough: {kinds(cut)}
          </strong>
        ) : null}
        {answer.hidden.length > 0 ? ". A “+” beside a node says what hangs on it." : null}
        {answer.truncated && cut.length === 0 ? " There is more to look at than is looked at for one graph." : null}
      </p>
      {far.length > 0 && depth < 3 ? (
        <button type="button" className="button small" onClick={() => change({ depth: String(depth + 1) })}>
          One step farther
        </button>
      ) : null}
      {cut.length > 0 && limit < MOST ? (
        <button type="button" className="button small" onClick={() => change({ limit: String(MOST) })}>
          Up to {count(MOST)} nodes
        </button>
      ) : null}
    </div>
  );
}

/** `37 pods, 2 Nodes`: by kind, the most first. */
function kinds(hidden: GraphAnswer["hidden"]): string {
  const sums = new Map<string, number>();
  hidden.forEach(({ kind, count }) => sums.set(kind, (sums.get(kind) ?? 0) + count));
  return [...sums]
    .sort((a, b) => b[1] - a[1])
    .map(([kind, sum]) => some(sum, kind))
    .join(", ");
}
