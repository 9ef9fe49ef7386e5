const AGENCIES = 8;
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "star", "pentagon", "hexagon"];
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "solid", "dash", "dot"];

let order = [];

/** Gives every agency its colour for good: by its place among all of the client's agencies. */
export function assign(agencies) {
  order = agencies;
}

const placeOf = (agency) => {
  const place = order.indexOf(agency);
  return (place < 0 ? order.length : place) % AGENCIES;
};

/** The agency's colour as a CSS value, the same in every panel; the theme says which it is. */
export const colourOf = (agency) => `var(--agency-${placeOf(agency) + 1})`;

/** The agency's marker and line on charts: a second way than colour to tell agencies apart. */
export const symbolOf = (agency) => SYMBOLS[placeOf(agency)];
export const dashOf = (agency) => DASHES[placeOf(agency)];

/** The present value of a colour of the theme, for charts that cannot read CSS. */
export const themed = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
export const themedAgency = (agency) => themed(`agency-${placeOf(agency) + 1}`);
