// When something ends by itself.
const DAY = 86_400_000;

/** After so many days, as the API has times. */
export function after(days: string): string {
  return new Date(Date.now() + Number(days) * DAY).toISOString();
}

type Props = { label: string; days: string; choose: (days: string) => void; children?: React.ReactNode };

/** A choice of some times; `children` are further ones. */
export function Ends({ label, days, choose, children }: Props) {
  return (
    <label>
      {label}
      <select value={days} onChange={(event) => choose(event.target.value)}>
        <option value="7">in a week</option>
        <option value="30">in 30 days</option>
        <option value="90">in 90 days</option>
        <option value="365">in a year</option>
        {children}
      </select>
    </label>
  );
}
