// What pages do beyond htmx: hear of alerts, and copy statements. Without this file they work all the same.

// What the form says may change while an answer is on its way. Such an answer is not shown, and asked for again; one
// for a part that is gone is dropped. Where the field that asked is gone, the form asks.
const entries = (data) => JSON.stringify([...data].filter(([, value]) => typeof value === 'string').sort());
document.addEventListener('htmx:beforeSwap', ({ detail }) => {
  const form = detail.target.closest('#form');
  if (!document.contains(detail.target)) detail.shouldSwap = false;
  else if (form && entries(new FormData(form)) !== entries(detail.requestConfig.formData)) {
    detail.shouldSwap = false;
    const { elt } = detail.requestConfig;
    const source = document.contains(elt) ? elt : form;
    const [path, target, select] = ['hx-post', 'hx-target', 'hx-select'].map((name) => elt.getAttribute(name));
    window.htmx.ajax('POST', path, { source, target, select, swap: 'outerHTML' });
  }
});

const list = document.querySelector('[data-news]');
if (list) {
  const source = new EventSource(list.dataset.news);
  // Nobody is interrupted while writing a note, or on the way from there to a button.
  let waiting = false;
  const fetchList = () => {
    waiting = list.contains(document.activeElement);
    if (!waiting) window.htmx.trigger(list, 'news');
  };
  list.addEventListener('focusout', ({ relatedTarget }) => {
    if (waiting && !list.contains(relatedTarget)) setTimeout(fetchList);
  });
  source.addEventListener('news', fetchList);
  addEventListener('pagehide', () => source.close());
}

for (const button of document.querySelectorAll('[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', () => navigator.clipboard.writeText(button.previousElementSibling.textContent));
}
