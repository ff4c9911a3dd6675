// Not there yet.
export function Call() {
  return <h1>Call</h1>;
}
