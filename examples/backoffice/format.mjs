// Numbers and dates for people, by locale. Decimals stay text from the database to the page: no floats.

const separators = new Map();

function separator(locale) {
  if (!separators.has(locale)) {
    const part = new Intl.NumberFormat(locale).formatToParts(1.5).find(({ type }) => type === 'decimal');
    separators.set(locale, part?.value ?? '.');
  }
  return separators.get(locale);
}

/** "1234.500" → "1,234.5"; null → "". */
export function decimal(text, locale) {
  if (text === null || text === undefined) return '';
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(text)) ?? [null, '', null];
  if (whole === null) return String(text);
  const digits = new Intl.NumberFormat(locale).format(BigInt(whole));
  const rest = fraction.replace(/0+$/, '');
  return (sign ? '\u2212' : '') + digits + (rest ? separator(locale) + rest : '');
}

/** A decimal as one types it: "1234.500" → "1234.5", with the separator of the locale. */
export function typed(text, locale) {
  return text === null || text === undefined ? '' : String(text).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '').replace('.', separator(locale));
}

/** What was typed, as the database takes it; undefined: no decimal, or one with separators that could mean either. */
export function untyped(text, locale) {
  const given = text.trim().replace('\u2212', '-');
  const [, sign, whole, fraction] = /^([-+]?)(\d+)(?:\D(\d+))?$/.exec(given) ?? [];
  if (whole === undefined || (fraction && given[sign.length + whole.length] !== separator(locale))) return undefined;
  return sign + whole + (fraction ? `.${fraction}` : '');
}

/** "2026-03-10" → "Mar 10, 2026". */
export function day(text, locale) {
  if (!text) return '';
  const date = new Date(`${text}T00:00:00Z`);
  return Number.isNaN(date.getTime()) ? text
    : new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(date);
}

export function moment(text, locale) {
  return text ? new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(text)) : '';
}

/** The first language that the browser asks for and that is one. */
export function localeOf(header) {
  for (const part of (header ?? '').split(',')) {
    const tag = part.split(';')[0].trim();
    try {
      if (tag && tag !== '*' && Intl.NumberFormat.supportedLocalesOf(tag).length) return tag;
    } catch { /* no language tag */ }
  }
  return 'en';
}

/** A value of a CSV file. What a spreadsheet would take for a formula gets an apostrophe. */
export function csvValue(value) {
  const text = value === null || value === undefined ? '' : String(value);
  const safe = /^[=+@\t\r]|^-(?!\d+(\.\d+)?$)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Rows of a CSV file (RFC 4180, a byte order mark allowed), each an array of texts. The header's line says whether commas, semicolons or tabs divide. */
export function parseCsv(text, messages) {
  const rows = [];
  let row = [];
  let value = '';
  let quoted = false;
  const source = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const [divider] = /[,;\t]/.exec(source.slice(0, source.indexOf('\n') + 1)) ?? [','];
  for (let i = 0; i < source.length; i++) {
    const letter = source[i];
    if (quoted) {
      if (letter !== '"') value += letter;
      else if (source[i + 1] === '"') value += source[++i];
      else quoted = false;
    } else if (letter === '"' && value === '') quoted = true;
    else if (letter === divider || letter === '\n') {
      row.push(value);
      value = '';
      if (letter === '\n') {
        if (row.some((text) => text !== '')) rows.push(row);
        row = [];
      }
    } else value += letter;
  }
  if (quoted) throw new Error(messages.quote);
  row.push(value);
  if (row.some((text) => text !== '')) rows.push(row);
  return rows;
}
