// Texts in the language of the page. The catalogue of a language other than English is a script of its own, which
// runs before any module and defines functions of these names.
const ownText = (text) => text;
const ownPlural = (one, many, count) => (count === 1 ? one : many);
const fill = (format, values) => format.replace(/%\((\w+)\)s/g, (_, name) => String(values[name]));

export const gettext = window.gettext ?? ownText;
export const ngettext = window.ngettext ?? ownPlural;
export const interpolate = window.interpolate ?? fill;
