// Not there yet.
export function Talk() {
  return <h1>Talk</h1>;
}
