// Texts in the language of the page. The catalogue of a language other than English is a script of its own, which
// runs before any module and defines functions of these names.
export const {
  gettext = (text) => text,
  ngettext = (one, many, count) => (count === 1 ? one : many),
  interpolate = (format, values) => format.replace(/%\((\w+)\)s/g, (_, name) => values[name]),
} = window;
