let company = { name: null, logo: null };
let agencies = new Map();

/** Takes the display names of a client company and of its agencies, and where their logos are. */
export function learn(given) {
  company = given.client;
  agencies = new Map(given.agencies.map(([agency, name, logo]) => [agency, { name, logo }]));
}

/** An agency's display name; its id where it has none. */
export const nameOf = (agency) => agencies.get(agency)?.name ?? agency;

/** An agency's whole name, with its id where that is another one. */
export const titleOf = (agency) => (nameOf(agency) === agency ? agency : `${nameOf(agency)} (${agency})`);

/** Where an agency's logo is; null where it has none. */
export const logoOf = (agency) => agencies.get(agency)?.logo ?? null;

/** Where the client company's logo is; null where it has none. */
export const companyLogo = () => company.logo;
