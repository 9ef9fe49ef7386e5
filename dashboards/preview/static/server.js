/** Asks the server, by a new sign-in where a session has ended; an array is a parameter given several times, an empty value is left out. */
export async function get(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).flatMap(([name, value]) =>
    Array.isArray(value) ? value.map((each) => [name, each]) : value ? [[name, value]] : []));
  const response = await fetch(`${path}?${query}`, { cache: "no-store" });
  if (response.status === 401) location.reload();
  if (!response.ok) throw Object.assign(new Error(`${path}: ${response.status}`), { status: response.status });
  return response.json();
}
