// What pages do beyond htmx: hear of alerts, and copy statements. Without this file they work all the same.

// What the form says may change while an answer is on its way. Such an answer is not shown, and asked for again. The part
// that it was to replace asks: the field that asked first may be gone by then, and to what the form asks htmx adds the
// button that has the focus. An answer for a part that is gone is dropped.
const entries = (data) => JSON.stringify([...data].filter(([, value]) => typeof value === 'string').sort());
document.addEventListener('htmx:beforeSwap', ({ detail }) => {
  const { target, requestConfig, pathInfo } = detail;
  const form = target.closest('#form');
  if (!document.contains(target)) detail.shouldSwap = false;
  else if (form && entries(new FormData(form)) !== entries(requestConfig.formData)) {
    detail.shouldSwap = false;
    window.htmx.ajax('POST', pathInfo.requestPath, { source: target, target, select: `#${target.id}`, swap: 'outerHTML' });
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
